#!/usr/bin/env bash
# Installs what `npm test` needs of Debian's packages and is not here yet. Needs nothing but bash, not even a build.
set -euo pipefail

look() { # sets $missing to the packages that are not here
	missing=()
	command -v prometheus && command -v promtool || missing+=(prometheus)
	command -v prometheus-alertmanager || missing+=(prometheus-alertmanager)
	command -v chromium || missing+=(chromium)
	# Debian's own Python: another one that comes first in PATH does not see Debian's packages.
	/usr/bin/python3 -c "import prometheus_client" || missing+=(python3-prometheus-client)
}
look >/dev/null 2>&1

if [ ${#missing[@]} -eq 0 ]; then
	echo "setup: everything is here: prometheus, promtool, prometheus-alertmanager, chromium, python3-prometheus-client."
	exit 0
fi

command="apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
echo "setup: missing: ${missing[*]}"

if ! command -v apt-get >/dev/null; then
	echo "setup: there is no apt-get here. On a Debian or Ubuntu machine run as root:" >&2
	echo "    $command" >&2
	exit 1
fi
sudo=()
if [ "$(id -u)" -ne 0 ]; then
	sudo=(sudo -n)
	if ! sudo -n true >/dev/null 2>&1; then
		echo "setup: installing needs root and sudo wants a password. Run this, then npm run setup again:" >&2
		echo "    sudo sh -c '$command'" >&2
		exit 1
	fi
fi

# Debian starts and enables prometheus.service and its kin on installation. The tests start their own on free ports,
# so keep these from starting now (policy-rc.d) and at boot (systemctl disable), unless somebody set a policy already.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
	printf '#!/bin/sh\nexit 101\n' | "${sudo[@]}" tee "$policy" >/dev/null
	"${sudo[@]}" chmod +x "$policy"
	trap '"${sudo[@]}" rm -f "$policy"' EXIT
fi

echo "setup: running: $command"
"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update
"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"

wanted="${missing[*]}"
look >/dev/null 2>&1
if [ ${#missing[@]} -ne 0 ]; then
	echo "setup: installed, but still not found in PATH: ${missing[*]}." >&2
	exit 1
fi
for service in prometheus prometheus-alertmanager; do
	if [[ " $wanted " == *" $service "* ]] && command -v systemctl >/dev/null; then
		"${sudo[@]}" systemctl disable "$service" >/dev/null 2>&1 || echo "setup: $service.service may start at boot."
	fi
done
echo "setup: installed $wanted; no service of theirs was started."
