"""A policy tried out: generated or recorded outcomes, the operator's own decision, a clock that is only counted."""
