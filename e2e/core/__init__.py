"""The end-to-end tests of every `make test`: the main job and its promises."""
