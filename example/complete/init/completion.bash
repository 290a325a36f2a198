# bash completion for sigfd-init(1)

_sigfd_init_signals()
{
  # As "kill -l" has them, and without SIG.
  compgen -A signal -- "$1" | grep -E '^SIG[A-Z]' || true
  compgen -A signal -- "SIG$1" | sed -n 's/^SIG\([A-Z]\)/\1/p'
}

_sigfd_init()
{
  local cur=${COMP_WORDS[COMP_CWORD]} word i
  local options='-g --group -s --subreaper -r --rewrite -e --success
    -p --parent-death -w --warn-reaped -v --verbose
    -h --help -V --version'
  COMPREPLY=()

  # Where the command begins: behind the options and their arguments.
  for ((i = 1; i < COMP_CWORD; ++i)); do
    word=${COMP_WORDS[i]}
    case $word in
      --)
        ((++i))
        break
        ;;
      -r | --rewrite | -e | --success | -p | --parent-death)
        ((++i))
        ;;
      --*=*) ;;
      -*) ;;
      *) break ;;
    esac
  done

  if ((i < COMP_CWORD)) && declare -F _command_offset >/dev/null; then
    _command_offset "$i"
  elif ((i > COMP_CWORD)); then
    # The argument of an option. Bash takes S:R apart at the colon.
    case ${COMP_WORDS[COMP_CWORD - 1]} in
      -p | --parent-death | -r | --rewrite)
        mapfile -t COMPREPLY < <(_sigfd_init_signals "$cur")
        ;;
      -e | --success)
        mapfile -t COMPREPLY < <(compgen -W '{0..255}' -- "$cur")
        ;;
    esac
  elif ((i == COMP_CWORD)); then
    if [[ $cur == -* && ${COMP_WORDS[COMP_CWORD - 1]} != -- ]]; then
      mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
    else
      mapfile -t COMPREPLY < <(compgen -c -- "$cur")
    fi
  else
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
  fi
}

complete -o filenames -F _sigfd_init sigfd-init
