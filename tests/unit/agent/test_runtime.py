"""The text of HAProxy's runtime socket, as HAProxy 3.0 writes it."""

from pathlib import Path

from smtppool.agent import frontends, runtime

SHOW_ACL = """# id (file) description
0 (/run/smtppool/members.acl) pattern loaded from file 'opt@/run/smtppool/members.acl' used by acl at file 'x' line 28.
1 () acl 'src' file 'x' line 28. curr_ver=0 next_ver=0 entry_cnt=0
3 (/run/smtppool/members.acl) pattern loaded from file 'opt@/run/smtppool/members.acl' used by acl at file 'x' line 35.
"""
SERVERS = """1
# be_id be_name srv_id srv_name srv_addr
7 members 2 slot1 127.0.0.1

"""
HEAD = "# pxname,svname,scur,status,\n"


def test_all_lists_of_the_file_are_found() -> None:
    assert runtime.acl_ids(SHOW_ACL, file=Path("/run/smtppool/members.acl")) == ("#0", "#3")


def test_entries() -> None:
    assert runtime.acl_entries("0x55d0 10.0.0.1\n0x55d8 10.0.0.2\n\n") == {"10.0.0.1", "10.0.0.2"}
    assert runtime.acl_entries("\n") == frozenset()


def test_tables_with_blanks_and_with_commas() -> None:
    assert runtime.table(SERVERS) == [
        {"be_id": "7", "be_name": "members", "srv_id": "2", "srv_name": "slot1", "srv_addr": "127.0.0.1"}
    ]
    assert runtime.table(HEAD + "entry,FRONTEND,3,OPEN,\n")[0]["scur"] == "3"


def test_lines_stay_under_haproxys_buffer() -> None:
    commands = [f"set server members/slot{number} weight 1" for number in range(1000)]
    lines = list(runtime.lines(commands))
    assert all(len(line) <= runtime.LINE_LIMIT for line in lines)
    assert ";".join(lines).split(";") == commands
    assert list(runtime.lines([])) == []


def rows(**scur: int) -> list[dict[str, str]]:
    text = HEAD + "".join(f"{name},FRONTEND,{count},OPEN,\n" for name, count in scur.items() if name != "health")
    return runtime.table(f"{text}health,BACKEND,{scur.get('health', 0)},UP,\n")


def test_sessions_leave_out_health_checks_and_what_goes_out() -> None:
    found = rows(entry=2, relay=3, handover_in=1, handover_out=7, rotation=1, health=2)
    assert (frontends.own_sessions(found), frontends.entry_sessions(found)) == (2, 2)


def test_frontends_are_shut_and_opened_once() -> None:
    opened = rows(entry=0, relay=0, handover_in=0)
    assert frontends.commands(opened, shut=()) == []
    assert frontends.commands(opened, shut=frontends.INTERNAL) == [
        "disable frontend relay",
        "disable frontend handover_in",
    ]
    paused = [row | {"status": "PAUSED"} if row["pxname"] == "relay" else row for row in opened]
    assert frontends.commands(paused, shut=()) == ["enable frontend relay"]
    assert frontends.commands(paused, shut=("relay",)) == []
