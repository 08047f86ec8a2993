#!/bin/sh
# Finds a Chromium for the browser tests; installs the system's own where we are root; else says loudly what to do.
set -eu
for name in chromium chromium-browser google-chrome google-chrome-stable; do
    if command -v "$name" >/dev/null 2>&1; then
        exit 0
    fi
done
if [ "$(id -u)" = "0" ] && command -v apt-get >/dev/null 2>&1; then
    echo "No Chromium found: installing the system's package."
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null && exit 0
fi
echo "WARNING: no Chromium found and none could be installed. The browser tests will not run." >&2
echo "Install the package 'chromium' (or Google Chrome) and run 'make test-browser' again." >&2
if [ "${CI:-}" != "" ]; then
    exit 1
fi
