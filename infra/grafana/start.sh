#!/bin/sh
# Starts Grafana, but never with its well-known first password: without one of their own it refuses.
set -eu
case "${GF_SECURITY_ADMIN_PASSWORD:-}" in
    '' | admin)
        echo "grafana: no password. Set GRAFANA_ADMIN_PASSWORD in .env (not \"admin\") and start again." >&2
        exit 78 # EX_CONFIG
        ;;
esac
exec "${GRAFANA_RUN:-/run.sh}" "$@"
