#!/bin/sh
# Finds a Chromium for the browser tests; installs the system's own where we are root; else says loudly what to do.
# The headless shell is the same engine without windows, tabs and toolbars, which take six times the processor time of
# a test's page: where the system has it as a package it is installed beside a Chromium, and where not, any will do.
set -eu
can_install() { [ "$(id -u)" = "0" ] && command -v apt-get >/dev/null 2>&1; }
export DEBIAN_FRONTEND=noninteractive
if command -v chromium-headless-shell >/dev/null 2>&1; then
    exit 0
fi
for name in chromium chromium-browser google-chrome google-chrome-stable; do
    if command -v "$name" >/dev/null 2>&1; then
        if can_install; then
            timeout 120 apt-get install -y -qq --no-install-recommends --no-remove chromium-headless-shell \
                >/dev/null 2>&1 </dev/null || true
        fi
        exit 0
    fi
done
if can_install; then
    echo "No Chromium found: installing the system's package."
    if apt-get update -qq; then
        for package in chromium-headless-shell chromium; do
            apt-get install -y -qq --no-install-recommends "$package" fonts-dejavu-core >/dev/null && exit 0
        done
    fi
fi
echo "WARNING: no Chromium found and none could be installed. The browser tests will not run." >&2
echo "Install the package 'chromium' (or Google Chrome) and run 'make test-browser' again." >&2
if [ "${CI:-}" != "" ]; then
    exit 1
fi
