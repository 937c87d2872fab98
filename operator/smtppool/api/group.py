"""The API group. Apart from the models, so that programs that need a name or a path need not load them."""

GROUP = "smtppool.io"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"
