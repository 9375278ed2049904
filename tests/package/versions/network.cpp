// SPDX-License-Identifier: MIT
#include "network.hpp"

#include <backfold/backfold.hpp>
#include <vector>

namespace bf = backfold;

namespace {

class Gated : public Network {
 public:
  explicit Gated(unsigned seed) {
    if (seed == 0) bf::fail_argument("seed must not be ", seed);
    bf::Random random(seed);
    net_.initialize(bf::Glorot{}, random);
    // Templates of the standard library and Eigen, for which the linker would keep one copy.
    std::vector<float> numbers(1000);
    for (float& x : numbers) x = float(bf::uniform(random));
    const Eigen::Map<Eigen::VectorXf> view(numbers.data(), 1000);
    net_.parameters()[0] += view.mean() + view.norm();
  }
  void step(const float* x, float* y) override {
    const Eigen::Map<const Eigen::Matrix<float, 3, 1>> input(x);
    const auto output = bf::step(net_, input, state_);
    y[0] = output(0);
  }

 private:
  bf::Rnn<float, bf::Input<3>, bf::Lstm<24>, bf::Dense<1, bf::Linear>> net_;
  bf::State<decltype(net_)> state_{net_};
};

}  // namespace

extern "C" Network* make_network(unsigned seed) { return new Gated(seed); }
extern "C" int register_bytes() { return int(bf::Lanes<float>::size * sizeof(float)); }
