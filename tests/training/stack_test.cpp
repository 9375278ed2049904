// SPDX-License-Identifier: MIT
// Training in a thread with a small stack. Sanitizers need one of their own.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define BACKFOLD_TEST_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define BACKFOLD_TEST_SANITIZED
#endif
#endif
#if __has_include(<pthread.h>) && !defined(BACKFOLD_TEST_SANITIZED)
#include <pthread.h>
#include <sys/mman.h>

#include "backfold/backfold.hpp"
#include "catch.hpp"
#include "numbers.hpp"

using namespace backfold;

namespace {

constexpr std::size_t room = std::size_t{1} << 20;  // it is painted, and what is used is measured

template <class Work>
void* call(void* work) {
  (*static_cast<Work*>(work))();
  return nullptr;
}

/// The bytes of stack that a thread takes for some work.
template <class Work>
std::size_t stack_of(Work work) {
  void* const memory =
      mmap(nullptr, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(memory != MAP_FAILED);
  auto* const bytes = static_cast<unsigned char*>(memory);
  std::fill_n(bytes, room, static_cast<unsigned char>(0xA5));
  pthread_attr_t attributes;
  pthread_t thread;
  pthread_attr_init(&attributes);
  REQUIRE(pthread_attr_setstack(&attributes, memory, room) == 0);
  REQUIRE(pthread_create(&thread, &attributes, call<Work>, &work) == 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
  std::size_t unused = 0;
  while (unused < room && bytes[unused] == 0xA5) ++unused;
  munmap(memory, room);
  return room - unused;
}

/// Both ways of training, in batches of `batch`.
template <class Net, class O>
void needs_a_small_stack(const O& optimizer, Index batch) {
  constexpr std::size_t limit = 32 * 1024;
  static Net net, other;  // not on the stack, as they may be 64 KiB each
  Random random(1);
  net.initialize(Glorot{}, random);
  other = net;
  const Eigen::MatrixXd X = numbers(net.inputs(), 40, 1);
  const Eigen::MatrixXd Z = numbers(net.outputs(), 40, 2);
  const Sequences data(X, Z, Net::Graph::is_recurrent ? 10 : 1);
  FitOptions options{.epochs = 2, .batch_size = batch};
  if constexpr (Net::Graph::is_recurrent) options.truncation = 5;
  const std::size_t nothing = stack_of([] {});

  CHECK(stack_of([&] { fit(net, HalfSquaredError{}, optimizer, data, options); }) <
        nothing + limit);
  CHECK(stack_of([&] {
          Training training(other, HalfSquaredError{}, optimizer, data, options);
          training.run(1);
          training.run(1);
        }) < nothing + limit);
  CHECK(net.parameters() == other.parameters());
}

}  // namespace

TEST_CASE("training a network of fixed size needs little stack") {
  using Tiny = Mlp<double, Input<2>, Dense<8, Tanh>, Dense<1, Linear>>;
  using Small = Mlp<double, Input<10>, Dense<11, Tanh>, Dense<4, Linear>>;  // just inside Training
  using Large = Mlp<double, Input<30>, Dense<60, Tanh>, Dense<30, Tanh>, Dense<4, Linear>>;
  using Wide = Mlp<double, Input<700>, Dense<900, Tanh>, Dense<700, Tanh>, Dense<4, Linear>>;
  // A state of some 50 KiB
  using Loops = Rnn<double, Input<4>, Dense<1600, Tanh, SelfRecurrent<>>, Dense<4, Linear>>;
  for (const Index batch : {1, 20}) {
    needs_a_small_stack<Tiny>(Adam{}, batch);
    needs_a_small_stack<Small>(Adam{}, batch);
    needs_a_small_stack<Large>(Adam{}, batch);
    needs_a_small_stack<Large>(ClipNorm{Nesterov{}, 1.0}, batch);
    needs_a_small_stack<Large>(Rprop{}, batch);
    needs_a_small_stack<Wide>(Sgd{}, batch);
    needs_a_small_stack<Elman<double, 4, 50, 4>>(Adam{}, batch);
    needs_a_small_stack<Loops>(Sgd{}, batch);
  }
}
#endif
