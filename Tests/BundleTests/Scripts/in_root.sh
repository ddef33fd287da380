#!/bin/sh
# Serves from a vault inside a root folder that holds nothing but a shell and the vault, as a user without rights and in a
# network with nothing but loopback, and works with it by the sftp of this machine.
#
#   unshare --mount --net sh in_root.sh ROOT FOLDER START
#
# ROOT has the file "passphrase", FOLDER an askpass program and the file "up"; the client's "down" is written there. START
# is the command that starts the program.
set -eu

root=$1
folder=$2
start=$3
user=65534:65534

ip link set lo up
mount --bind /proc "$root/proc"
inside() { exec chroot --userspec="$user" "$root" /bin/sh -c "exec $start \"\$@\"" sh "$@"; }

(inside -a alice --passphrase-file /passphrase)
(inside user list)
inside --listen 127.0.0.1:2200 >"$folder/said" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT
for _ in $(seq 100); do
    if grep -q "stop:" "$folder/said"; then break; fi
    kill -0 "$server" || { cat "$folder/said" && exit 1; }
    sleep 0.2
done
cat "$folder/said"

SSH_ASKPASS="$folder/askpass" SSH_ASKPASS_REQUIRE=force sftp -P 2200 -oStrictHostKeyChecking=no \
    -oUserKnownHostsFile="$folder/known_hosts" -oNumberOfPasswordPrompts=1 alice@127.0.0.1 <<END
put $folder/up file
ls -l
get file $folder/down
END
cmp "$folder/up" "$folder/down"
(inside verify)
(inside verify --unlock --passphrase-file /passphrase)

# Each of the shells on the way has become the next program, so this is the server's own process.
kill -TERM "$server"
trap - EXIT
wait "$server" && echo "ended well"
