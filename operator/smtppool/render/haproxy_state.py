"""haproxy.state: the pod's own Postfix is down until its first health check, whenever HAProxy starts.

HAProxy takes a server for healthy until a check says otherwise. After a kill of a whole pod it is there again before
Postfix is, and the first client that a peer sent would hear 450 from the busy responder. `init-state` says the same in
a word, from HAProxy 3.1 on; Debian 13 has 3.0.
"""

from typing import Final

from smtppool.api import names
from smtppool.render.haproxy import SMTPD

_STOPPED: Final = 0  # srv_op_state: SRV_ST_STOPPED
_CHECK_ON: Final = 6  # srv_check_state: configured and enabled
_CHECK_UNKNOWN: Final = 1  # srv_check_status: no check has ended yet

# Version 1 of the file, as `show servers state` writes it (HAProxy 3.0 management guide): column -> value. HAProxy
# finds the server by both names; the numbers of backend and server are not compared.
_COLUMNS: Final = {
    "be_id": 0,
    "be_name": SMTPD,
    "srv_id": 1,
    "srv_name": SMTPD,
    "srv_addr": "127.0.0.1",
    "srv_op_state": _STOPPED,
    "srv_admin_state": 0,
    "srv_uweight": 1,
    "srv_iweight": 1,
    "srv_time_since_last_change": 0,
    "srv_check_status": _CHECK_UNKNOWN,
    "srv_check_result": 0,
    "srv_check_health": 0,
    "srv_check_state": _CHECK_ON,
    "srv_agent_state": 0,
    "bk_f_forced_id": 0,
    "srv_f_forced_id": 0,
    "srv_fqdn": "-",
    "srv_port": names.SMTPD_PORT,
    "srvrecord": "-",
    "srv_use_ssl": 0,
    "srv_check_port": 0,
    "srv_check_addr": "-",
    "srv_agent_addr": "-",
    "srv_agent_port": 0,
}


def render() -> str:
    """The text of the file; it is the same for every pod."""
    return f"1\n# {' '.join(_COLUMNS)}\n{' '.join(map(str, _COLUMNS.values()))}\n"
