// SPDX-License-Identifier: MIT
// Counts the allocations of steps through a network that load_any has read: there are none.
#include <backfold/backfold.hpp>
#include <backfold/io/load_any.hpp>
#include <backfold/io/safetensors.hpp>
#include <cstdio>
#include "numbers.hpp"

namespace bf = backfold;

namespace {
long allocations = 0;
}

#if defined(__GLIBC__)
extern "C" void* __libc_malloc(std::size_t);
extern "C" void* malloc(std::size_t size) {
  ++allocations;
  return __libc_malloc(size);
}
#endif

int main() {
#if !defined(__GLIBC__)
  return 77;
#endif
  const char* const path = "backfold_any_allocation.safetensors";
  bf::Rnn<float, bf::Input<2>, bf::Lstm<20>, bf::Gru<17>,
          bf::Dense<9, bf::Tanh, bf::From<0>, bf::SelfRecurrent<2>>, bf::LayerNorm<9>,
          bf::Dense<3, bf::Softmax>>
      net;
  bf::Random random(1);
  net.initialize(bf::Glorot{}, random);
  const long before_saving = allocations;
  bf::save(path, net);
  const bf::AnyNetwork<float> any = bf::load_any<float>(path);
  std::remove(path);
  const bool counts = allocations > before_saving;

  long in_steps = 0;
  for (const bf::Index batch : {1, 5, 70}) {
    bf::AnyState<float> state = any.state(batch);
    const Eigen::MatrixXf x = numbers(2, batch, 1).cast<float>();
    const long before = allocations;
    float sum = 0;
    for (int t = 0; t < 10; ++t) sum += any.step(x, state).sum();
    in_steps += allocations - before;
    std::printf("batch %ld: sum %g\n", long(batch), double(sum));
  }
  std::printf("%ld allocations in 30 steps\n", in_steps);
  return counts && in_steps == 0 ? 0 : 1;
}
