// What the programs share: a contestant says how it subscribes to a signal and
// how it runs, and the harness does the rest.

#ifndef SIGFD_BENCH_HARNESS_HPP
#define SIGFD_BENCH_HARNESS_HPP

#include "receiver.hpp"

#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace bench {

// Thrown by a contestant that cannot do something.
struct unsupported : std::runtime_error
{
  using std::runtime_error::runtime_error;
};

// One way of receiving signals. Its handler calls receiver::record().
class contestant
{
public:
  virtual ~contestant() = default;

  // Does what has to be done before the signal is sent. Called once.
  virtual void subscribe(int signal_number) = 0;

  // Runs its loop until the receiver wants no more.
  virtual void run() = 0;

  // The same for one that was made beside another, whose loop is run.
  virtual void start()
  {
    throw unsupported("its loop has one object");
  }

  // The same, with several threads in the loop.
  virtual bool has_threads() const
  {
    return false;
  }

  virtual void run_with_threads(int)
  {
    throw unsupported("its loop has one thread");
  }

  // Starts a wait and cancels it, so many times.
  virtual void start_and_cancel(long)
  {
    throw unsupported("it has no wait that could be cancelled");
  }
};

// How much of a signal a contestant hands over.
enum class sees
{
  value, // all of it
  number
};

// Who takes signals from the kernel.
enum class taken_by
{
  loop,
  thread // as soon as it has subscribed
};

// A contestant by its name.
struct entry
{
  std::string_view name;
  std::unique_ptr<contestant> (*make)(receiver&);
  sees exposes = sees::value;
  taken_by taker = taken_by::loop;

  // One more, in the loop of another; null if there cannot be several.
  std::unique_ptr<contestant> (*make_beside)(receiver&, contestant&) = nullptr;
};

template <typename Contestant>
std::unique_ptr<contestant> make(receiver& receive)
{
  return std::make_unique<Contestant>(receive);
}

// The program: measures what the arguments say, and prints it as JSON.
int run(int argc, char** argv, std::initializer_list<entry> contestants);

// Returns the result of a system call, or throws its error.
int checked(int result, const char* what);

// Blocks a signal in the calling thread.
void block(int signal_number);

} // namespace bench

#endif // SIGFD_BENCH_HARNESS_HPP
