# Completion for bash: options, IDs and names of processes, names of signals.

# The processes of users: their IDs, and what sigfd-inspect knows them by. What
# readline would take apart, or the program take for something else, is left to
# the ID.
_sigfd_inspect_processes()
{
  local folder name arguments
  for folder in /proc/[0-9]*; do
    # A thread of the kernel has no arguments.
    name='' arguments=''
    {
      IFS= read -r -d '' arguments <"$folder/cmdline"
      IFS= read -r -d '' name <"$folder/comm"
    } 2>/dev/null
    [[ -n $arguments ]] || continue
    echo "${folder##*/}"
    for name in "${name%$'\n'}" "${arguments##*/}"; do
      case $name in
        '' | *[[:cntrl:]:]*) ;;
        *[!0-9]*) printf '%s\n' "$name" ;;
      esac
    done
  done
}

# Signals by the names that the user has begun to write: with SIG or without, in
# capitals or small.
_sigfd_inspect_signals()
{
  local word=${1^^} name
  while IFS= read -r name; do
    case $name in
      SIGKILL | SIGSTOP | SIGJUNK*) ;; # nobody can wait for them
      SIG*)
        if [[ $name == "$word"* ]]; then
          echo "$name"
        elif [[ ${name#SIG} == "$word"* ]]; then
          echo "${name#SIG}"
        fi
        ;;
    esac
  done < <(compgen -A signal)
}

_sigfd_inspect()
{
  local current=${COMP_WORDS[COMP_CWORD]} word i
  local options=yes count=0
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; ++i)); do
    word=${COMP_WORDS[i]}
    if [[ $word == [=:] ]]; then
      ((++i)) # where readline divides words: --watch = 5
    elif [[ $options == yes && $word == -- ]]; then
      options=no
    elif [[ $options == no || $word != -* ]]; then
      ((++count))
    fi
  done

  if ((i > COMP_CWORD)) || [[ $current == = ]]; then
    return # a number of seconds
  elif [[ $options == yes && $current == -* ]]; then
    for word in --all --help --json --version --watch; do
      [[ $word != "$current"* ]] || COMPREPLY+=("$word")
    done
  elif ((count > 0)); then
    while IFS= read -r word; do
      COMPREPLY+=("$word")
    done < <(_sigfd_inspect_signals "$current")
  else
    while IFS= read -r word; do
      [[ $options == no || $word != -* ]] || continue
      # Behind an open quote, readline wants the word as it is.
      if [[ $current == [\'\"]* ]]; then
        [[ $word != "${current:1}"* ]] || COMPREPLY+=("$word")
      else
        printf -v word '%q' "$word"
        [[ $word != "$current"* ]] || COMPREPLY+=("$word")
      fi
    done < <(_sigfd_inspect_processes)
  fi
}

complete -F _sigfd_inspect sigfd-inspect
