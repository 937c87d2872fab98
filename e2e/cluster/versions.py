"""The pinned versions: what is built, under which names it goes, and what counts as the stock node image.

A change here changes the content keys of everything that is built from it.
"""

KUBERNETES = "v1.35.4"
MINIMUM_GO = (1, 25)
KIND = "v0.33.0"
HELM = "v4.3.1"
COREDNS = "v1.14.7"
LOCAL_PATH_PROVISIONER = "v0.0.30"

# kind v0.33.0 takes this one when no image is named (pkg/apis/config/defaults/image.go).
STOCK_NODE_IMAGE = "kindest/node:v1.37.0@sha256:a1ed56cfb0e7b93589bdf97c8cd566405a265939e3620fc4f5de89adff580ae5"

# The names that kubeadm 1.35 writes into static pods and add-ons; nothing is pulled under them.
REGISTRY = "registry.k8s.io"
ETCD_IMAGE = f"{REGISTRY}/etcd:3.6.6-0"
COREDNS_IMAGE = f"{REGISTRY}/coredns/coredns:v1.13.1"
PAUSE_IMAGES = (f"{REGISTRY}/pause:3.10", f"{REGISTRY}/pause:3.10.1")

# systemd 252: newer ones do not boot on a host with cgroup v1.
NODE_SUITE = "bookworm"

# Base of the product's images, and the Python in it that wheels must fit.
IMAGE_SUITE = "trixie"
BASE_IMAGE = "docker.io/library/debian:trixie-slim"
IMAGE_PYTHON = "3.13"
