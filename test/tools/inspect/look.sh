# More words for the scripts that look at processes with inspect: sourced after
# test/example/expect.sh, where the second argument is the program faulty.
#
# shellcheck shell=bash disable=SC2034,SC2154 # shared with expect.sh

readonly helper=$2

# look STATUS [ARGUMENT...]: runs inspect; its exit status must be this.
look()
{
  local expected=$1 status=0
  report=$("$program" "${@:2}" 2>&1) || status=$?
  echo "$report"
  ((status == expected)) || fail "exit status $status instead of $expected"
}

# has TEXT...: each must be somewhere in a line of the report, in which "  "
# stands for two spaces or more.
has()
{
  local text lines
  # shellcheck disable=SC2001 # a regular expression
  lines=$(sed 's/   */  /g' <<<"$report")
  for text in "$@"; do
    [[ $lines == *"$text"* ]] || fail "expected: $text"
  done
}

# has_only TEXT: the report must be this.
has_only()
{
  [[ $report == "$1" ]] || fail "expected only: $1"
}

# look_until STATUS TEXT: waits until the report on $pid has a text.
look_until()
{
  local status=$1 text=$2 i
  for ((i = 0; i < limit * 10; ++i)); do
    report=$("$program" "$pid" 2>&1) || true
    [[ $report != *"$text"* ]] || break
    sleep 0.1
  done
  look "$status" "$pid"
}

stop_faulty()
{
  if [[ -n ${pid-} ]]; then
    kill -KILL "$pid"
    wait "$pid" 2>/dev/null || true
    exec {output}<&-
    pid=
  fi
}

# faulty KIND [COMMAND...]: a process with a fault, to be inspected; $thread has
# it. The command starts the helper, if it is to have another name.
faulty()
{
  local command=("${@:2}")
  ((${#command[@]} != 0)) || command=("$helper")
  stop_faulty
  start "${command[@]}" "$1"
  expect '([0-9]+)'
  thread=${BASH_REMATCH[2]}
}

# leave: the process goes on while others are started; its ID goes to $left. It
# ends with the script.
leave()
{
  left=$pid
  pid=
}
