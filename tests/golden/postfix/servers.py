"""The servers whose configuration is kept as golden files, by the file's name."""

from typing import Any, Final, NamedTuple

from smtppool.api.names import Key
from smtppool.api.smtppool import SmtpPoolSpec
from smtppool.api.smtpserver import SmtpServerSpec
from smtppool.render import postfix

COMMON: Final[dict[str, Any]] = {"poolRef": {"name": "marketing"}, "warmup": {"mode": "Warm"}}
POOL: Final = SmtpPoolSpec.model_validate(
    {
        "egressCheck": {"mode": "Off"},
        "submission": {"allowedNetworks": ["10.20.0.0/16"], "maxMessageSize": "1Mi", "maxRecipients": 3},
    }
)
SMARTHOST: Final = {"host": "smtp.example.net", "credentialsSecretRef": {"name": "credentials"}}


class Server(NamedTuple):
    """One golden server."""

    name: str
    spec: dict[str, Any]

    @property
    def main_cf(self) -> str:
        spec = SmtpServerSpec.model_validate(COMMON | self.spec)
        return postfix.main_cf(key=Key("mail", "mx11"), pool=POOL, server=spec)


def _relay(**egress: str) -> dict[str, Any]:
    return {"relay": {"hostname": "mx11.example.com", "egress": {"address": "198.51.100.11"} | egress}}


SERVERS: Final = (
    Server("relay", _relay()),
    Server("host-network", _relay(provider="hostNetwork", localAddress="10.0.0.11")),
    Server("smarthost", {"smarthost": SMARTHOST}),
    Server("smarthost-implicit", {"smarthost": SMARTHOST | {"port": 465, "tls": "Implicit"}}),
)
