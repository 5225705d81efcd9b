#!/usr/bin/env bash
# Installs what the whole test suite needs and is not there yet: Debian packages
# (with sudo when not root) and, for the pages, npm packages. Says what it does.
set -euo pipefail
cd "$(dirname "$0")/.."

# A server's folder may be missing from a plain user's PATH.
have() { PATH=$PATH:/usr/sbin command -v "$1" >/dev/null; }

packages=()
have mosquitto || packages+=(mosquitto)
have mosquitto_pub || packages+=(mosquitto-clients)
have chromium || have google-chrome || packages+=(chromium)
have cc || packages+=(gcc libc6-dev) # for the race detector
# Cameras that are not ours, and what makes and checks their pictures.
have ffmpeg || packages+=(ffmpeg)
have cvlc || packages+=(vlc-bin vlc-plugin-base)
/usr/bin/python3 -c 'import gi; gi.require_version("GstRtspServer", "1.0")' 2>/dev/null ||
	packages+=(python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-{base,good,bad,ugly} glib-networking)
if [ -f dashboards/web/package.json ]; then
	have npm || packages+=(nodejs npm)
fi

if [ ${#packages[@]} -gt 0 ]; then
	if ! have apt-get; then
		echo "deps: not a Debian or Ubuntu; please install yourself: ${packages[*]}" >&2
		exit 1
	fi
	root=()
	[ "$(id -u)" = 0 ] || root=(sudo)
	echo "deps: installing Debian packages: ${packages[*]}"
	"${root[@]}" apt-get update -qq
	"${root[@]}" env DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
	if [[ " ${packages[*]} " == *" mosquitto "* ]] && [ -d /run/systemd/system ]; then
		# The package starts a broker on port 1883, which the demo wants.
		echo "deps: stopping the mosquitto service that came with the package; the tests start their own"
		"${root[@]}" systemctl disable --quiet --now mosquitto
	fi
fi

# npm leaves a copy of the lock file it has installed from.
if [ -f dashboards/web/package-lock.json ] &&
	[ dashboards/web/package-lock.json -nt dashboards/web/node_modules/.package-lock.json ]; then
	echo "deps: installing npm packages in dashboards/web"
	npm --prefix dashboards/web ci --no-fund --no-audit --loglevel=error
fi
echo "deps: everything is there"
