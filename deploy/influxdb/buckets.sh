#!/bin/bash
# Runs once, right after InfluxDB's first start has made the bucket of raw
# readings. Adds the two that citywatch rolls up into, and the login with which
# Grafana reads all three.
#
# InfluxQL asks for a database by name; InfluxDB answers from the bucket of the
# same name by itself, so no mapping is made here.
set -euo pipefail

name=${DOCKER_INFLUXDB_INIT_BUCKET%_raw}
influx bucket create --name "${name}_5m" --retention "$RETENTION_5M"
influx bucket create --name "${name}_1h" --retention "$RETENTION_1H"

# A 1.x login, because it may read and nothing else, and its name and password
# can be chosen; a token's cannot.
read_buckets=()
for bucket in "${name}_raw" "${name}_5m" "${name}_1h"; do
	id=$(influx bucket list --name "$bucket" --hide-headers | cut -f 1)
	read_buckets+=(--read-bucket "$id")
done
influx v1 auth create --username grafana --password "$(cat /run/secrets/influxdb_grafana_password)" "${read_buckets[@]}"
