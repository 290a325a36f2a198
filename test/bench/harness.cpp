#include "harness.hpp"

#include "plan.hpp"
#include "sender.hpp"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <deque>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

namespace bench {

namespace {

struct workload_entry
{
  std::string_view name;
  workload what;
  long count;
};

constexpr std::array workloads{workload_entry{"drain", workload::drain, 5'000},
    workload_entry{"flood", workload::flood, 200'000},
    workload_entry{"stall", workload::stall, 100'000},
    workload_entry{"pingpong", workload::pingpong, 50'000},
    workload_entry{"threads", workload::threads, 200'000},
    workload_entry{"cancel", workload::cancel, 100'000},
    workload_entry{"fanout_drain", workload::fanout_drain, 5'000},
    workload_entry{"fanout", workload::fanout, 50'000}};

constexpr const char* usage_text
    = "--list | CONTESTANT WORKLOAD [--count N] [--swap K] [--skip K]\n"
      "  [--leak] [--queue-only] [--quiet-ms N] [--threads N]\n"
      "  [--objects N] [--loops N]";

long number_from(std::string_view text, long least)
{
  long number = 0;
  const auto [end, error] = std::from_chars(
      text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()
      || number < least)
    throw std::invalid_argument(
        "not a number that will do: " + std::string(text));
  return number;
}

plan parse(int argc, char** argv)
{
  if (argc < 3)
    throw std::invalid_argument(usage_text);
  plan what;
  what.contestant = argv[1];
  what.workload_name = argv[2];
  const auto found = std::find_if(workloads.begin(), workloads.end(),
      [&](const workload_entry& w) { return w.name == what.workload_name; });
  if (found == workloads.end())
    throw std::invalid_argument("no such workload: " + what.workload_name);
  what.workload = found->what;
  what.count = found->count;
  for (int i = 3; i < argc; ++i)
  {
    const std::string_view option = argv[i];
    const auto number = [&](long least) {
      return number_from(i + 1 < argc ? argv[++i] : "", least);
    };
    if (option == "--count")
      what.count = number(1);
    else if (option == "--swap")
      what.swap = number(1);
    else if (option == "--skip")
      what.skip = number(2);
    else if (option == "--quiet-ms")
      what.quiet_ms = static_cast<int>(number(1));
    else if (option == "--threads")
      what.threads = static_cast<int>(number(1));
    else if (option == "--objects")
      what.objects = static_cast<int>(number(1));
    else if (option == "--loops")
      what.loops = static_cast<int>(number(1));
    else if (option == "--leak")
      what.leak = true;
    else if (option == "--queue-only")
      what.queue_only = true;
    else
      throw std::invalid_argument(usage_text);
  }
  if (what.objects > (what.fans_out() ? board::max_receivers : 1)
      || what.loops > what.objects)
    throw std::invalid_argument("so many objects or loops will not do");
  return what;
}

long rlimit_sigpending()
{
  ::rlimit limit;
  checked(::getrlimit(RLIMIT_SIGPENDING, &limit), "getrlimit");
  return static_cast<long>(limit.rlim_cur);
}

// How many signals can still be queued (proc(5), SigQ), less a few for others.
long room_in_queue()
{
  constexpr long for_others = 100;
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.rfind("SigQ:", 0) == 0)
      return rlimit_sigpending() - std::stol(line.substr(5)) - for_others;
  throw std::runtime_error("no SigQ in /proc/self/status");
}

// The plan, or as much of it as fits into the queue where all of it has to.
plan fit_to_queue(plan what)
{
  if (what.queues_first() || what.workload == workload::stall)
    what.count = std::min(what.count, room_in_queue());
  if (what.count < 1)
    throw std::runtime_error("no room in the queue of signals");
  return what;
}

void queue_to_self(const plan& what)
{
  const bool queued = what.send_values([&](int value) {
    ::sigval v{};
    v.sival_int = value;
    return ::sigqueue(::getpid(), what.signal_number(), v) == 0;
  });
  if (!queued)
    throw std::system_error(errno, std::generic_category(), "sigqueue");
  if (what.queue_only)
    ::_exit(0);
}

// The objects of a contestant, each with its receiver. All of them watch the
// signal; nearly everywhere there is one.
class object_group
{
public:
  object_group(const plan& what, const entry& who, board& shared, int answer_fd)
    : what_(what)
  {
    if (what.fans_out() && who.make_beside == nullptr)
      throw unsupported("its loop has one object");
    const bool has_values = what.workload != workload::pingpong;
    for (int i = 0; i < what.objects; ++i)
    {
      receiver& receive = receivers_.emplace_back(shared, i, what.signals(),
          has_values ? std::optional(what.count) : std::nullopt, answer_fd);
      objects_.push_back(i < what.loops
              ? who.make(receive)
              : who.make_beside(receive, *objects_[index(i % what.loops)]));
    }
  }

  const std::deque<receiver>& receivers() const
  {
    return receivers_;
  }

  bool has_threads() const
  {
    return objects_.front()->has_threads();
  }

  void subscribe()
  {
    for (const std::unique_ptr<contestant>& object : objects_)
      object->subscribe(what_.signal_number());
  }

  // Before the first signal can be handled.
  void begin()
  {
    for (receiver& receive : receivers_)
      receive.begin();
  }

  // Runs the loops, all but one of them by threads, until no receiver wants
  // more.
  void run()
  {
    if (what_.workload == workload::threads)
    {
      objects_.front()->run_with_threads(what_.threads);
      return;
    }
    std::vector<std::thread> threads;
    for (int loop = 1; loop < what_.loops; ++loop)
      threads.emplace_back([this, loop] { run_loop(loop); });
    run_loop(0);
    for (std::thread& thread : threads)
      thread.join();
  }

private:
  static std::size_t index(int i)
  {
    return static_cast<std::size_t>(i);
  }

  void run_loop(int loop)
  {
    for (int i = loop + what_.loops; i < what_.objects; i += what_.loops)
      objects_[index(i)]->start();
    objects_[index(loop)]->run();
  }

  const plan& what_;
  std::deque<receiver> receivers_;
  std::vector<std::unique_ptr<contestant>> objects_;
};

// Signals that are pending before any is handled. For a contestant with a
// thread that has to be before it subscribes; for the others it is after, so
// that subscribing is not measured. With several objects it is after for all,
// or the first would hear what the others do not. Then the thread takes, before
// anything is measured, as many as the objects keep.
void drain(const plan& what, const entry& who, object_group& objects,
    sender& send, board& shared)
{
  constexpr int time_to_take_ms = 10;
  const bool has_thread = who.taker == taken_by::thread;
  if (has_thread && !what.fans_out())
  {
    block(what.signal_number());
    queue_to_self(what);
    objects.begin();
    objects.subscribe();
  }
  else
  {
    objects.subscribe();
    ::sigset_t subscribed;
    ::pthread_sigmask(SIG_BLOCK, nullptr, &subscribed);
    block(what.signal_number());
    queue_to_self(what);
    if (has_thread)
      sleep_for_ms(time_to_take_ms);
    objects.begin();
    ::pthread_sigmask(SIG_SETMASK, &subscribed, nullptr);
  }
  // Only now: who watches for the end of a lossy contestant starts to count.
  shared.loop_runs = true;
  send.go();
  objects.run();
}

void measure(const plan& what, const entry& who, object_group& objects,
    sender& send, board& shared)
{
  if (what.queues_first())
  {
    drain(what, who, objects, send, shared);
    return;
  }
  // Before anything is sent: what it would leave pending ends the process.
  if (what.workload == workload::threads && !objects.has_threads())
    throw unsupported("its loop has one thread");
  objects.subscribe();
  objects.begin();
  send.go();
  if (what.workload == workload::stall)
    sleep_for_ms(1000);
  shared.loop_runs = true;
  objects.run();
  if (what.workload == workload::pingpong)
    send.wait();
}

// One line of JSON.
class json_object
{
public:
  void add(std::string_view key, const std::string& text)
  {
    add_raw(key, '"' + text + '"');
  }

  template <typename Number>
  void add(std::string_view key, const std::optional<Number>& number)
  {
    std::ostringstream text;
    if (number)
      text << *number;
    else
      text << "null";
    add_raw(key, text.str());
  }

  void add(std::string_view key, long number)
  {
    add(key, std::optional(number));
  }

  void add(std::string_view key, const std::vector<long>& numbers)
  {
    std::ostringstream text;
    for (const long number : numbers)
      text << (text.tellp() == 0 ? "" : ", ") << number;
    add_raw(key, '[' + text.str() + ']');
  }

  void print() const
  {
    std::cout << '{' << members_ << '}' << std::endl;
  }

private:
  void add_raw(std::string_view key, const std::string& value)
  {
    if (!members_.empty())
      members_ += ", ";
    members_ += '"' + std::string(key) + "\": " + value;
  }

  std::string members_;
};

// The value if the condition holds.
template <typename Number>
std::optional<Number> only_if(bool condition, Number number)
{
  return condition ? std::optional(number) : std::nullopt;
}

// What a figure of each receiver is in all.
long sum(
    const std::deque<receiver>& receivers, long (receiver::*figure)() const)
{
  long result = 0;
  for (const receiver& receive : receivers)
    result += (receive.*figure)();
  return result;
}

// Of several objects: what the one received that missed most, all that went
// wrong with any, and what was used until the last one was done.
void print_signals(const plan& what, const entry& who,
    const std::deque<receiver>& receivers, const board& shared,
    ::pid_t sender_pid)
{
  const bool pingpong = what.workload == workload::pingpong;
  const bool has_values = who.exposes == sees::value && !pingpong;
  std::vector<long> received;
  std::optional<double> allocations;
  usage used = receivers.front().used();
  bool complete = true;
  for (const receiver& receive : receivers)
  {
    received.push_back(receive.received());
    allocations = std::max(allocations, receive.allocations());
    if (receive.used().wall_ns > used.wall_ns)
      used = receive.used();
    complete = complete && receive.complete();
  }
  const long fewest = *std::min_element(received.begin(), received.end());
  json_object out;
  out.add("contestant", what.contestant);
  out.add("workload", what.workload_name);
  out.add("count", what.count);
  if (what.fans_out())
  {
    out.add("objects", long{what.objects});
    out.add("loops", long{what.loops});
    out.add("received_each", received);
  }
  out.add("received", fewest);
  out.add("lost", what.signals() - fewest);
  out.add("out_of_order",
      only_if(has_values, sum(receivers, &receiver::out_of_order)));
  out.add(
      "value_gaps", only_if(has_values, sum(receivers, &receiver::value_gaps)));
  out.add(
      "duplicates", only_if(has_values, sum(receivers, &receiver::duplicates)));
  out.add("wall_ns", only_if(complete, used.wall_ns));
  out.add("cpu_ns", used.user_ns + used.system_ns);
  out.add("cpu_user_ns", used.user_ns);
  out.add("cpu_sys_ns", used.system_ns);
  out.add("median_ns", only_if(pingpong, shared.median_ns));
  out.add("p99_ns", only_if(pingpong, shared.p99_ns));
  out.add("allocations", allocations);
  out.add("sender_eagain", shared.queue_was_full.load());
  out.add("rlimit_sigpending", rlimit_sigpending());
  out.add("pid", ::getpid());
  out.add("sender_pid", sender_pid);
  out.print();
}

void run_signals(const plan& what, const entry& who)
{
  const bool pinned = what.workload != workload::threads
      && what.workload != workload::fanout;
  const bool one_cpu = what.workload == workload::pingpong;
  const int first = allowed_cpu(0);
  const int second = one_cpu ? first : allowed_cpu(1);

  board& shared = make_board();
  shared.attention = (what.workload == workload::pingpong ? answer_it : 0u)
      | (what.leak ? allocate_for : 0u);
  std::optional<sender> send(std::in_place, what, shared, pinned ? second : -1);
  const ::pid_t sender_pid = send->pid();
  if (pinned)
    pin(first);

  object_group objects(what, who, shared, send->answer_fd());
  measure(what, who, objects, *send, shared);

  // A contestant that takes its handler away leaves the default action, and
  // there may be one more signal.
  block(what.signal_number());
  send.reset();
  if (shared.sender_failed)
    throw std::runtime_error("the sender failed");
  print_signals(what, who, objects.receivers(), shared, sender_pid);
}

void run_cancel(const plan& what, const entry& who)
{
  constexpr long warm_up = 1000;
  pin(allowed_cpu(0));
  receiver receive(make_board(), 0, 0, std::nullopt, -1);
  const std::unique_ptr<contestant> c = who.make(receive);
  c->subscribe(what.signal_number());
  c->start_and_cancel(warm_up);
  const usage begin = usage::now();
  c->start_and_cancel(what.count);
  const usage end = usage::now();

  const std::optional<long> none;
  const long user = end.user_ns - begin.user_ns;
  const long system = end.system_ns - begin.system_ns;
  json_object out;
  out.add("contestant", what.contestant);
  out.add("workload", what.workload_name);
  out.add("count", what.count);
  for (const char* key :
      {"received", "lost", "out_of_order", "value_gaps", "duplicates"})
    out.add(key, none);
  out.add("wall_ns", end.wall_ns - begin.wall_ns);
  out.add("cpu_ns", user + system);
  out.add("cpu_user_ns", user);
  out.add("cpu_sys_ns", system);
  out.add("median_ns", none);
  out.add("p99_ns", none);
  out.add("allocations",
      std::optional(static_cast<double>(end.allocations - begin.allocations)
          / static_cast<double>(what.count)));
  out.add("sender_eagain", none);
  out.add("rlimit_sigpending", rlimit_sigpending());
  out.add("pid", ::getpid());
  out.add("sender_pid", none);
  out.print();
}

void run_one(const plan& what, std::initializer_list<entry> contestants)
{
  const auto who = std::find_if(contestants.begin(), contestants.end(),
      [&](const entry& e) { return e.name == what.contestant; });
  if (who == contestants.end())
    throw std::invalid_argument("no such contestant: " + what.contestant);
  if (what.workload == workload::cancel)
    run_cancel(what, *who);
  else
    run_signals(fit_to_queue(what), *who);
}

} // namespace

int checked(int result, const char* what)
{
  if (result == -1)
    throw std::system_error(errno, std::generic_category(), what);
  return result;
}

void block(int signal_number)
{
  ::sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, signal_number);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

int run(int argc, char** argv, std::initializer_list<entry> contestants)
{
  try
  {
    if (argc == 2 && std::string_view(argv[1]) == "--list")
    {
      for (const entry& e : contestants)
        std::cout << e.name << '\n';
      return 0;
    }
    run_one(parse(argc, argv), contestants);
    return 0;
  }
  catch (const unsupported& e)
  {
    json_object out;
    out.add("unsupported", std::string(e.what()));
    out.print();
    return 0;
  }
  catch (const std::exception& e)
  {
    std::cerr << argv[0] << ": " << e.what() << '\n';
    return 1;
  }
}

} // namespace bench
