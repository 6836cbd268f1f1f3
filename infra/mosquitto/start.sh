#!/bin/sh
# Starts Mosquitto with one user, of MQTT_USERNAME and MQTT_PASSWORD. Neither ever stands on a command line: the password
# goes from this shell into a file, which mosquitto_passwd turns into a salted hash. Runs as the image's user, without a
# writable root: everything it writes is below MOSQUITTO_RUN, in memory.
#
#   MOSQUITTO_CONF  the configuration (beside this script if not set); its password_file is MOSQUITTO_RUN/passwords
#   MOSQUITTO_RUN   folder of the password file and of mosquitto_sub's own, for the health check
set -eu
umask 077

refuse() {
    echo "mosquitto: $1" >&2
    exit 78 # EX_CONFIG
}

conf="${MOSQUITTO_CONF:-$(dirname "$0")/mosquitto.conf}"
run="${MOSQUITTO_RUN:-/tmp/homeiq}"
username="${MQTT_USERNAME:-}"
password="${MQTT_PASSWORD:-}"
newline='
'

[ -n "$username" ] || refuse "no user. Set MQTT_USERNAME and MQTT_PASSWORD in .env and start again."
[ -n "$password" ] || refuse "no password. Set MQTT_PASSWORD in .env and start again."
# mosquitto_passwd reads `user:password` lines and cuts blanks off both ends; mosquitto_sub reads 1023 bytes of a line.
case "$username" in
    *:* | *"$newline"* | [[:space:]]* | *[[:space:]] | '#'*)
        refuse "MQTT_USERNAME may hold no colon or line break, nor begin with # or a blank, nor end with a blank."
        ;;
esac
case "$password" in
    *:* | *"$newline"* | [[:space:]]* | *[[:space:]])
        refuse "MQTT_PASSWORD may hold no colon or line break, nor begin or end with a blank."
        ;;
esac
if [ "${#username}" -gt 200 ] || [ "${#password}" -gt 200 ]; then
    refuse "MQTT_USERNAME and MQTT_PASSWORD may have 200 characters each at most."
fi

mkdir -p "$run"
printf '%s:%s\n' "$username" "$password" >"$run/passwords"
mosquitto_passwd -U "$run/passwords" || refuse "the password file could not be made."
# mosquitto_sub reads its options from here when XDG_CONFIG_HOME names this folder: one `option value` a line.
printf -- '-u %s\n-P %s\n' "$username" "$password" >"$run/mosquitto_sub"

unset MQTT_USERNAME MQTT_PASSWORD username password
exec mosquitto -c "$conf"
