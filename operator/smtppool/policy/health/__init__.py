"""Health of the members of a pool: from counted outcomes to a score, and from the score to who stays in the traffic.

`pool.decide` is the only entrance; the order of reading is counters, score, gates, track, pool.
"""
