#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Records the corpus of the binary log codec from a real server that this machine runs for the purpose.
#   CLIENT="mariadb -h127.0.0.1 -P33390 -uroot" LOGS=/data/dir/of/binlogs fuzz/record_mysql_binlog.sh SERVER OUT
# SERVER: mariadb or mysql: runs fuzz/scenarios/mysql_binlog/*.sql whose first line names it. For each, OUT gets
# NAME.binlog (the log files from RESET on, concatenated), NAME.columns (the catalogue) and NAME.rows (what SELECT
# prints at the end). It drops database weft_rec and resets the server's binary logs: never point it at a server in use.
set -euo pipefail
server=$1
out=$2
here=$(cd "$(dirname "$0")" && pwd)
sql() { $CLIENT --default-character-set=utf8mb4 -N -B "$@"; }

if [ "$server" = mysql ]; then
  reset="RESET BINARY LOGS AND GTIDS; SET GLOBAL binlog_row_metadata = MINIMAL"
  is_json="c.data_type = 'json'"
else
  reset="RESET MASTER; SET GLOBAL binlog_row_metadata = NO_LOG"
  is_json="EXISTS (SELECT 1 FROM information_schema.check_constraints k WHERE k.constraint_schema = c.table_schema
    AND k.table_name = c.table_name AND k.check_clause = CONCAT('json_valid(\`', c.column_name, '\`)'))"
fi

# One column of a SELECT list, in a form that loses nothing and that both servers print alike.
printable() {  # name, data type
  case $2 in
    float) echo "CAST(\`$1\` AS DOUBLE)" ;;
    bit) echo "\`$1\` + 0" ;;
    binary|varbinary|tinyblob|blob|mediumblob|longblob|vector) echo "HEX(\`$1\`)" ;;
    geometry|point|linestring) echo "CONCAT(ST_SRID(\`$1\`), ' ', HEX(ST_AsWKB(\`$1\`$3)))" ;;
    year) echo "CAST(\`$1\` AS SIGNED)" ;;
    int|tinyint|smallint|mediumint|bigint) echo "\`$1\` + 0" ;;
    *) echo "\`$1\`" ;;
  esac
}

dump_rows() {
  for table in $(sql -e "SELECT table_name FROM information_schema.tables WHERE table_schema = 'weft_rec' ORDER BY 1"); do
    local list="" axis="" column type
    if [ "$server" = mysql ]; then axis=", 'axis-order=long-lat'"; fi
    while IFS=$'\t' read -r column type; do
      list="$list${list:+, }$(printable "${column//\`/\`\`}" "$type" "$axis")"
    done < <(sql -r -e "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'weft_rec'
      AND table_name = '$table' ORDER BY ordinal_position")
    echo "table $table"
    sql weft_rec -e "SET time_zone = '+00:00'; SELECT $list FROM $table ORDER BY 1"
  done
}

mkdir -p "$out"
for file in "$here"/scenarios/mysql_binlog/*.sql; do
  head -1 "$file" | grep -qw "$server" || continue
  name=$(basename "$file" .sql)
  case $name in both_*) name=${server}_${name#both_} ;; esac
  sql -e "DROP DATABASE IF EXISTS weft_rec; CREATE DATABASE weft_rec CHARACTER SET utf8mb4; $reset"
  rm -f "$out/$name".*
  sql weft_rec <"$file" >/dev/null
  sql -e "FLUSH BINARY LOGS"
  for log in $(sql -e "SHOW BINARY LOGS" | cut -f1 | sort | head -n -1); do cat "$LOGS/$log"; done >"$out/$name.binlog"
  sql -e "SELECT c.table_name, c.column_name, c.column_type, c.data_type, c.character_set_name, c.is_nullable, c.column_key,
    $is_json, c.extra FROM information_schema.columns c WHERE c.table_schema = 'weft_rec'
    ORDER BY c.table_name, c.ordinal_position" >"$out/$name.columns"
  dump_rows >"$out/$name.rows"
  echo "$name: $(stat -c %s "$out/$name.binlog") bytes"
done
