// The table of scenarios.

#ifndef SIGFD_TEST_REPLAY_SCENARIOS_HPP
#define SIGFD_TEST_REPLAY_SCENARIOS_HPP

#include "scene.hpp"

#include <sigfd/open_options.hpp>

#include <span>

namespace replay {

// Something happens to objects while handlers wait.
struct scenario
{
  const char* name;
  void (*start)(scene& s); // opens objects, starts waits, sends signals
  void (*act)(scene& s);   // at any point of what the handlers do

  // What is particular about it.
  struct traits
  {
    sigfd::delivery_policy delivery = sigfd::delivery_policy::every;
    bool context_may_end_first = true;
    bool on_threads = true; // on more than one, without any other reason
    bool calls_handlers = false;
    bool uses_other = false; // another context
    bool needs_strays = false;
    bool forks = false;
  } has{};
};

std::span<const scenario> scenarios();

// What a scenario that calls the program's handlers needs around it.
void install_handlers();
void restore_handlers();

} // namespace replay

#endif // SIGFD_TEST_REPLAY_SCENARIOS_HPP
