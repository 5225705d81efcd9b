#!/bin/sh
# Sets the passwords of the two accounts that every installation has, keeps
# those of single devices, and starts the broker.
set -eu

data=${DATA:-/mosquitto/data}
config=${CONFIG:-/mosquitto/config/mosquitto.conf}
secrets=${SECRETS:-/run/secrets}

umask 077
mkdir -p "$data/accounts"
cd "$data/accounts"
touch passwd

# Hashed by -U in place: a password on a command line could be seen by others.
printf 'citywatch:%s\ngateway:%s\n' \
	"$(cat "$secrets/mqtt_password")" "$(cat "$secrets/mqtt_gateway_password")" >new
mosquitto_passwd -U new
grep -vE '^(citywatch|gateway):' passwd >>new || true
mv new passwd

# A copy that only the broker can read, as it wants it.
cat "$(dirname "$config")/acl" >acl

# Mosquitto becomes this user after it has opened its ports.
[ "$(id -u)" != 0 ] || chown -R mosquitto:mosquitto "$data"
exec mosquitto -c "$config"
