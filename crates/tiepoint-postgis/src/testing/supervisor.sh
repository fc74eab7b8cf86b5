# Keeps a throw-away PostgreSQL for whoever holds the other end of stdin, and stops and removes it
# when that end closes, however its holder came to an end.
#
# The argument is the folder of PostgreSQL's programs. First comes the name of a fresh folder; then
# each order, a line of stdin, is answered by a line: done, or failed. What the programs have to say
# is in the folder's log.
programs=$1
umask 077
unset PGDATA PGPORT PGHOST PGOPTIONS
trap : INT TERM HUP
trap '' PIPE

# In memory where there is plenty, which is several times as fast as most disks.
place() {
    free_kb=$(df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 { print $4 }')
    if [ -w /dev/shm ] && [ "${free_kb:-0}" -gt 2000000 ]; then echo /dev/shm; else echo /tmp; fi
}
folder=$(mktemp -d "${TMPDIR:-$(place)}/tiepoint-XXXXXX" || mktemp -d /tmp/tiepoint-XXXXXX) || exit

clear_away() {
    cd /
    "$programs/pg_ctl" stop -D "$folder/data" -m immediate -w >/dev/null 2>&1
    rm -rf "$folder" || { sleep 1; rm -rf "$folder"; }
}
trap clear_away EXIT
cd "$folder" || exit 1

# Orders text as people do where PostgreSQL can, which is not the order of code points.
make() {
    set -- "$programs/initdb" -D "$folder/data" --no-sync --username=postgres \
        --encoding=UTF8 --locale=C --auth-local=trust --auth-host=scram-sha-256
    "$@" --locale-provider=icu --icu-locale=en-US || { rm -rf data; "$@"; } || return
    certify && echo "ssl = on" >>data/postgresql.conf
    cat >>data/postgresql.conf <<END
unix_socket_directories = '$folder'
listen_addresses = 'localhost'
max_connections = 100
shared_buffers = 32MB
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
autovacuum = off
jit = off
END
}

# A certificate for localhost that is its own authority.
certify() {
    cat >certificate.conf <<END
[req]
prompt = no
distinguished_name = name
x509_extensions = extensions
[name]
CN = localhost
[extensions]
basicConstraints = critical, CA:FALSE
subjectAltName = DNS:localhost, IP:127.0.0.1
END
    openssl req -x509 -config certificate.conf -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
        -nodes -days 2 -keyout data/server.key -out data/server.crt
}

start() { "$programs/pg_ctl" start -D "$folder/data" -l log -w -t 60 -o "-p $1"; }

stop() { "$programs/pg_ctl" stop -D "$folder/data" -m fast -w; }

echo "$folder"
while read -r order; do
    if $order >>log 2>&1 </dev/null; then echo "done"; else echo "failed"; fi
done
