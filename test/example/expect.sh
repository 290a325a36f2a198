# The words in which the scripts beside this one say what they expect: sourced
# by each with the arguments that it gets, PROGRAM first, under -euo pipefail.
#
# An example is run as a person would, in the background and with signals from
# here, and what it prints is compared line by line. A script fails on the first
# line that is another, or does not come in time.
#
# shellcheck shell=bash

readonly name=${0##*/} # of the script, and of the example
program=$(realpath "$1") # for scripts that change the folder
readonly program
readonly limit=30 # seconds for a line
# shellcheck disable=SC2034 # the scripts use it
readonly me="pid $$ (uid $EUID)"

fail()
{
  echo "test/example/$name: $*" >&2
  exit 1
}

# start COMMAND...: runs it; its output, errors included, is to be expected. Not
# in a process substitution, whose exit status bash 5.2 loses now and then.
start()
{
  local fifo
  fifo=$(mktemp -u)
  mkfifo "$fifo"
  { exec "$@"; } >"$fifo" 2>&1 &
  pid=$!
  exec {output}<"$fifo"
  rm "$fifo"
}

# Ends what still runs, and removes the folder if there is one, however the
# script ends.
clean_up()
{
  if [[ -n ${pid-} ]]; then
    kill -KILL "$pid" 2>/dev/null || true
  fi
  rm -rf "${folder-}"
}
trap clean_up EXIT

# next_line EXPECTED: reads a line; the argument is for the message.
next_line()
{
  IFS= read -r -t "$limit" -u "$output" line \
    || fail "no line where this was expected: $1"
  echo "$line"
}

# expect REGEX: the next line must match all of it; BASH_REMATCH has the
# groups, from 2 on.
expect()
{
  next_line "$1"
  [[ $line =~ ^($1)$ ]] || fail "expected: $1"
}

# expect_text TEXT: the next line must be this.
expect_text()
{
  next_line "$1"
  [[ $line == "$1" ]] || fail "expected: $1"
}

# expect_all REGEX...: the next lines must match these, in any order.
expect_all()
{
  local i
  while (($# > 0)); do
    next_line "one of: $*"
    for ((i = 1; i <= $#; ++i)); do
      if [[ $line =~ ^(${!i})$ ]]; then
        set -- "${@:1:i-1}" "${@:i+1}"
        continue 2
      fi
    done
    fail "expected one of: $*"
  done
}

# expect_end [STATUS]: no more output, and this exit status, or else 0.
expect_end()
{
  local status=0 expected=${1-0}
  IFS= read -r -t "$limit" -u "$output" line || status=$?
  ((status <= 128)) || fail 'it does not end'
  [[ -z $line && $status != 0 ]] || fail "expected no more, got: $line"
  status=0
  wait "$pid" || status=$?
  pid=
  ((status == expected)) || fail "exit status $status"
}

# children PID: of a process.
children()
{
  # Some end meanwhile.
  { cat /proc/[0-9]*/status 2>/dev/null || true; } \
    | awk -v parent="$1" '
      $1 == "Pid:" { pid = $2 }
      $1 == "PPid:" && $2 == parent { print pid }'
}

# connect PORT, talk TEXT, hang_up: a client of a server that sends lines back.
connect()
{
  address=/dev/tcp/127.0.0.1/$1
  exec {connection}<>"$address"
}

talk()
{
  echo "$1" >&"$connection"
  hear "$1"
}

# hear TEXT: the next line from the server must be this.
hear()
{
  local answer
  IFS= read -r -t "$limit" -u "$connection" answer || fail "no line: $1"
  [[ $answer == "$1" ]] || fail "expected from the server: $1, got: $answer"
}

# hears_the_end: the server closes the connection.
hears_the_end()
{
  local status=0
  IFS= read -r -t "$limit" -u "$connection" answer || status=$?
  ((status == 1)) || fail 'the connection stays open'
  hang_up
}

hang_up()
{
  exec {connection}>&-
}

# refuses_connections: nobody listens any more.
refuses_connections()
{
  if (: <>"$address") 2>/dev/null; then
    fail 'it accepts a connection'
  fi
}

# refuses TEXT [ARGUMENT...]: arguments that are wrong are an error of one line.
refuses()
{
  start "$program" "${@:2}"
  expect_text "$name: $1"
  expect_end 2
}
