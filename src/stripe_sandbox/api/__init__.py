"""The HTTP side: Stripe's endpoints under `/v1` and the sandbox's own control under `/_sandbox`."""
