#include "options.hpp"

#include "arguments.hpp"
#include "report.hpp"

#include <sigfd.hpp>

#include <getopt.h>
#include <signal.h>

#include <cctype>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>

namespace init {
namespace {

constexpr std::string_view help =
    R"(usage: sigfd-init [OPTION...] [--] COMMAND [ARGUMENT...]

Runs COMMAND as a child, forwards signals to it with their values, reaps
orphaned processes, and exits with the status of COMMAND. Made to be PID 1 of a
container.

  -g, --group             forward signals to the process group of COMMAND
  -s, --subreaper         reap orphans also where this is not PID 1
  -r, --rewrite S:R       forward signal R in the place of S; nothing if R is 0
  -e, --success STATUS    exit with 0 if COMMAND exits with STATUS
  -p, --parent-death S    get signal S, and forward it, when the parent ends
  -w, --warn-reaped       tell each orphan that is reaped
  -v, --verbose           tell each signal; twice: also stops and orphans
  -h, --help              print this
  -V, --version           print the version

Signals are names or numbers: SIGTERM, TERM, 15, RTMIN+3. -r and -e may be
repeated. COMMAND not found: exit status 127; found, but not to be executed:
126; ended by signal N: 128 + N; a mistake in these options: 1.
)";

[[noreturn]] void refuse(const std::string& why)
{
  report(why);
  std::exit(failure);
}

// The name of a signal without SIG; empty for the C library's own.
std::string_view short_name(int signal_number)
{
  const std::string_view name = sigfd::signal_name(signal_number);
  constexpr std::string_view prefix = "SIG";
  return name.starts_with(prefix) ? name.substr(prefix.size())
                                  : std::string_view();
}

// A signal that a program can be sent, by name or number, as kill(1) has them.
std::optional<int> parse_signal(std::string text)
{
  for (char& c : text)
    c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  if (text.starts_with("SIG"))
    text.erase(0, 3);

  std::optional<int> number = arguments::to_number(text, 0, SIGRTMAX);
  constexpr std::string_view last = "RTMAX";
  if (text == last)
    number = SIGRTMAX;
  else if (text.starts_with("RTMAX-"))
    if (const auto below = arguments::to_number(
            text.substr(last.size() + 1), 0, SIGRTMAX - SIGRTMIN))
      number = SIGRTMAX - *below;

  for (int n = 1; n <= SIGRTMAX; ++n)
    if (const auto name = short_name(n);
        !name.empty() && (n == number || name == text))
      return n;
  return std::nullopt;
}

int signal_argument(std::string_view text)
{
  const std::optional<int> number = parse_signal(std::string(text));
  if (!number)
    refuse("not a signal: " + std::string(text));
  return *number;
}

int status_argument(std::string_view text)
{
  const std::optional<int> status = arguments::to_number(text, 0, 255);
  if (!status)
    refuse("not an exit status: " + std::string(text));
  return *status;
}

// Reads S:R, such as SIGTERM:SIGQUIT.
void add_rewrite(std::map<int, int>& rewrites, std::string_view text)
{
  const std::size_t colon = text.find(':');
  if (colon == text.npos)
    refuse("not a pair of signals: " + std::string(text));
  const int from = signal_argument(text.substr(0, colon));
  if (from == SIGCHLD || !sigfd::signal_mask::can_hold(from))
    refuse(std::string(sigfd::signal_name(from)) + " cannot be rewritten");
  const std::string_view to = text.substr(colon + 1);
  rewrites[from] = to == "0" ? 0 : signal_argument(to);
}

// What getopt_long(3) did not understand, in the word where it began.
std::string mistaken_option(std::string_view word)
{
  return word.starts_with("--") ? std::string(word)
                                : std::string{'-', static_cast<char>(::optopt)};
}

} // namespace

options parse_options(int argc, char* argv[])
{
  constexpr ::option long_options[] = {
      {"group", no_argument, nullptr, 'g'},
      {"subreaper", no_argument, nullptr, 's'},
      {"rewrite", required_argument, nullptr, 'r'},
      {"success", required_argument, nullptr, 'e'},
      {"parent-death", required_argument, nullptr, 'p'},
      {"warn-reaped", no_argument, nullptr, 'w'},
      {"verbose", no_argument, nullptr, 'v'},
      {"help", no_argument, nullptr, 'h'},
      {"version", no_argument, nullptr, 'V'},
      {},
  };
  options result;
  ::opterr = 0; // it would print another name
  // "+": the first word that is no option is the command.
  for (int c, index;
      (index = ::optind,
      c = ::getopt_long(argc, argv, "+:gsr:e:p:wvhV", long_options, nullptr))
      != -1;)
    switch (c)
    {
    case 'g':
      result.group = true;
      break;
    case 's':
      result.subreaper = true;
      break;
    case 'r':
      add_rewrite(result.rewrites, ::optarg);
      break;
    case 'e':
      result.successes.insert(status_argument(::optarg));
      break;
    case 'p':
      result.parent_death_signal = signal_argument(::optarg);
      break;
    case 'w':
      result.warn_of_reaped = true;
      break;
    case 'v':
      ++result.verbosity;
      break;
    case 'h':
      std::cout << help;
      std::exit(EXIT_SUCCESS);
    case 'V':
      std::cout << "sigfd-init " SIGFD_VERSION_STRING "\n";
      std::exit(EXIT_SUCCESS);
    case ':':
      refuse("option needs an argument: " + mistaken_option(argv[index]));
    default:
      refuse("no such option: " + mistaken_option(argv[index]));
    }
  if (::optind == argc)
    refuse("expected COMMAND [ARGUMENT...]; --help tells more");
  result.command = argv + ::optind;
  return result;
}

} // namespace init
