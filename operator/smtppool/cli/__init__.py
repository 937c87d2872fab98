"""The user's commands, also as `kubectl smtppool`: what is going on, why, and what to do with mail that is left.

They read the status that the operator writes and state the user's decisions; everything else the operator does.
"""
