"""The part of the table (`cases.py`) about members that leave the traffic: limits of health, whom a pool can spare."""

from smtppool.api.base import COUNT_OR_RATIO_PATTERN, RATIO_PATTERN
from tests.unit.api.table import pool

ALL_MAY_GO = {"minAvailable": 0, "maxUnavailable": "100%"}

BAD = (
    pool("ratio without percent", "health.maxBounceRate", "0.03", RATIO_PATTERN),
    pool("ratio above 100", "health.maxBounceRate", "101%", RATIO_PATTERN),
    pool("ratio as number", "health.maxBounceRate", 3, "must be of type string"),
    pool("ratio -3", "health.maxBounceRate", "-3%", RATIO_PATTERN),
    pool("no bounce allowed", "health.maxBounceRate", "0%", "health.maxBounceRate must be above 0%", at="spec.health"),
    pool("nor a part of one", "health.maxBounceRate", "0.000%", "must be above 0%", at="spec.health"),
    pool("health order", "health.restoreAt", 60, "must not be below health.removeBelow", at="spec.health"),
    pool(
        "health order, from above", "health.removeBelow", 81, "must not be below health.removeBelow", at="spec.health"
    ),
    pool("health weights", "health.weights", {"delivery": 50}, "health.weights must sum to 100"),
    pool("health weights below 100", "health.weights", {"uptime": 14}, "health.weights must sum to 100"),
    pool("health weight -10", "health.weights.uptime", -10, "greater than or equal to 0"),
    pool("no samples", "health.minSamples", 0, "greater than or equal to 1"),
    pool("samples -1", "health.minSamples", -1, "greater than or equal to 1"),
    pool("health action", "health.action", "Delete", '"Cordon", "HandOver", "ScaleDown"'),
    pool("score", "health.removeBelow", 101, "less than or equal to 100"),
    pool("max unavailable", "availability.maxUnavailable", "110%", "should match", COUNT_OR_RATIO_PATTERN),
    pool("max unavailable -1", "availability.maxUnavailable", -1, "greater than or equal to 0"),
    pool("max unavailable 1000", "availability.maxUnavailable", 1000, "less than or equal to 999"),
    pool("max unavailable of 4096 characters", "availability.maxUnavailable", "1" * 4096, "not be more than 4"),
    pool("min available", "availability.minAvailable", "50%", "type integer"),
    pool("min available -1", "availability.minAvailable", -1, "greater than or equal to 0"),
    pool("all may go", "availability", ALL_MAY_GO, "maxUnavailable must be below 100% while availability.minAvailable"),
)

FINE = (
    pool("max unavailable 1", "availability.maxUnavailable", 1),
    pool("max unavailable 100%", "availability.maxUnavailable", "100%"),
    pool("none need stay", "availability", {"minAvailable": 0}),
    pool("out and back at the same score", "health", {"removeBelow": 80, "restoreAt": 80}),
    pool("the best score alone will do", "health", {"removeBelow": 100, "restoreAt": 100}),
    pool(
        "health weights of one part", "health.weights", {"delivery": 100, "bounce": 0, "responseTime": 0, "uptime": 0}
    ),
    pool("ratio with fraction", "health.maxBounceRate", "0.125%"),
)
