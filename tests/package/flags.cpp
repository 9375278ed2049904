// SPDX-License-Identifier: MIT
// A valid input raises neither invalid nor divide-by-zero, and overflow only where a result
// overflows: programs trap these flags. Needs no test library.
#include <backfold/backfold.hpp>
#include <cfenv>
#include <cmath>
#include <cstdio>
#include <limits>
#include <type_traits>
#include <vector>

namespace bf = backfold;

namespace {

int failures = 0;

/// Calls f, then asks for flags. `finite` says whether the results are.
template <class Function>
void stays_quiet(const char* name, double at, double and_at, const Function& f) {
  std::feclearexcept(FE_ALL_EXCEPT);
  const bool finite = f();
  const int raised = std::fetestexcept(FE_INVALID | FE_DIVBYZERO | (finite ? FE_OVERFLOW : 0));
  if (raised == 0) return;
  ++failures;
  std::printf("%s at %g, %g:%s%s%s\n", name, at, and_at, raised & FE_INVALID ? " invalid" : "",
              raised & FE_DIVBYZERO ? " divide-by-zero" : "",
              raised & FE_OVERFLOW ? " overflow" : "");
}

template <class S>
std::vector<S> magnitudes() {
  using Limits = std::numeric_limits<S>;
  std::vector<S> all = {S(0),
                        Limits::denorm_min(),
                        Limits::min() / 4,
                        Limits::min(),
                        S(1e-20),
                        S(0.25),
                        S(0.5),
                        S(1),
                        S(2),
                        S(17),
                        S(30),
                        S(87.5),
                        S(88.8),
                        S(100),
                        S(200),
                        S(700),
                        S(709.9),
                        S(1e4),
                        S(1e18),
                        S(1e30),
                        Limits::max() / 3,
                        Limits::max()};
  if (sizeof(S) == 8) all.push_back(static_cast<S>(1e300));
  const std::size_t n = all.size();
  for (std::size_t i = 0; i < n; ++i) all.push_back(-all[i]);
  return all;
}

/// A function of numbers, in whole registers of one value, in tails of each length, and of fixed
/// size; noinline, so that compilers know none of the values.
template <class S, class Function, class... Sources>
__attribute__((noinline)) bool in_each_way(const Function& f, S first, Sources... sources) {
  constexpr int most = 2 * bf::Lanes<S>::size + 1;
  S y[most];
  bool finite = true;
  const auto run = [&](auto n, const auto&... at) {
    bf::transform_into<decltype(n)::value>(y, bf::Index{n}, f, at...);
    for (int i = 0; i < n; ++i) finite &= bf::is_finite(y[i]);
  };
  const auto filled = [](S value) {
    std::vector<S> numbers(most, value);
    return numbers;
  };
  const auto all = [&](const auto&... vectors) {
    for (int n = 1; n <= most; ++n) {
      bf::transform_into(y, n, f, vectors.data()...);
      for (int i = 0; i < n; ++i) finite &= bf::is_finite(y[i]);
    }
    run(std::integral_constant<bf::Index, 1>{}, vectors.data()...);
    run(std::integral_constant<bf::Index, 2>{}, vectors.data()...);
    run(std::integral_constant<bf::Index, 3>{}, vectors.data()...);
    run(std::integral_constant<bf::Index, 5>{}, vectors.data()...);
  };
  all(filled(first), filled(sources)...);
  return finite;
}

template <class S, class Function>
void function_is_quiet(const char* name, const Function& f) {
  for (const S x : magnitudes<S>()) {
    stays_quiet(name, double(x), 0, [&] { return in_each_way(f, x); });
  }
}

template <class S, class A>
void activation_is_quiet(const char* name, const A& activation) {
  function_is_quiet<S>(name, [&](const auto& v) { return activation.value(v); });
  function_is_quiet<S>(name, [&](const auto& v) {
    if constexpr (bf::uses_net_input<A>) {
      return activation.derivative(v, activation.value(v));
    } else {
      return activation.derivative(activation.value(v));
    }
  });
}

template <class S, class L, class A>
__attribute__((noinline)) bool output_is_finite(const L& loss, const A& activation, S net, S z,
                                                S other) {
  constexpr int most = 5;
  bool finite = true;
  for (bf::Index units = 2; units <= most; ++units) {
    S nets[most] = {}, outputs[most] = {}, targets[most] = {}, delta[most];
    for (int i = 0; i < most; ++i) {
      nets[i] = outputs[i] = i % 2 == 0 ? net : other;
      targets[i] = i == 0 ? z : std::is_same_v<L, bf::CategoricalCrossEntropy> ? S(0) : z;
    }
    if constexpr (bf::ElementwiseActivation<A>) {
      bf::transform_into(
          outputs, most, [&](const auto& v) { return activation.value(v); }, nets);
    } else {
      (activation.apply)(outputs, units);
    }
    finite &= bf::is_finite(bf::detail::output_error<true, bf::Dynamic, bf::Dynamic>(
        loss, activation, nets, outputs, targets, units, units, 1, static_cast<const S*>(nullptr),
        1.0, delta));
    finite &= bf::all_finite(delta, units);
    if (units != 3) continue;
    finite &= bf::is_finite(
        bf::detail::output_error<true, 3, 1>(loss, activation, nets, outputs, targets, 3, 3, 1,
                                             static_cast<const S*>(nullptr), 1.0, delta));
  }
  return finite;
}

template <class S, class L, class A>
void output_is_quiet(const char* name, const L& loss, const A& activation) {
  for (const S net : magnitudes<S>()) {
    for (const S other :
         {S(0), S(-30), S(200), std::numeric_limits<S>::max(), -std::numeric_limits<S>::max()}) {
      for (const S z : {S(0), S(0.5), S(1)}) {
        stays_quiet(name, double(net), double(other),
                    [&] { return output_is_finite<S>(loss, activation, net, z, other); });
      }
    }
  }
}

template <class S, class L>
void loss_is_quiet(const char* name, const L& loss) {
  for (const S y : magnitudes<S>()) {
    for (const S z : magnitudes<S>()) {
      const auto value = [&](const auto& a, const auto& b) { return loss.value(a, b); };
      const auto slope = [&](const auto& a, const auto& b) { return loss.derivative(a, b); };
      stays_quiet(name, double(y), double(z), [&] { return in_each_way(value, y, z); });
      stays_quiet(name, double(y), double(z), [&] { return in_each_way(slope, y, z); });
    }
  }
}

/// Losses of probabilities.
template <class S, class L>
void probability_loss_is_quiet(const char* name, const L& loss) {
  for (const S y : {S(0), std::numeric_limits<S>::denorm_min(), S(1e-30), S(0.5), S(1)}) {
    for (const S z : {S(0), S(0.5), S(1)}) {
      const auto value = [&](const auto& a, const auto& b) { return loss.value(a, b); };
      const auto slope = [&](const auto& a, const auto& b) { return loss.derivative(a, b); };
      stays_quiet(name, double(y), double(z), [&] { return in_each_way(value, y, z); });
      stays_quiet(name, double(y), double(z), [&] { return in_each_way(slope, y, z); });
    }
  }
}

template <class S, class O>
void optimizer_is_quiet(const char* name, const O& optimizer) {
  for (const bf::Index n : {1, 2, 3, 5, 9, 17}) {
    for (const S g : magnitudes<S>()) {
      stays_quiet(name, double(g), double(n), [&] {
        std::vector<S> w(std::size_t(n), S(0.5));
        auto state = bf::start<S>(optimizer, n);
        bool finite = true;
        for (int step = 0; step < 3; ++step) {
          const auto objective = [&](const S*, S* gradient) {
            for (bf::Index i = 0; i < n; ++i) gradient[i] = i % 2 == 0 ? g : S(0);
            return 1.0;
          };
          finite &= bf::is_finite(optimizer.step(w.data(), objective, state));
        }
        return finite && bf::all_finite(w.data(), n);
      });
    }
  }
}

template <class S, class Net, class L>
void training_is_quiet(const char* name, Net net, const L& loss, S size) {
  stays_quiet(name, double(size), 0, [&] {
    bf::Random random(3);
    net.initialize(bf::Uniform{-0.5, 0.5}, random);
    bf::Matrix<S> x(net.inputs(), 7);
    bf::Matrix<S> z(net.outputs(), 7);
    z.setZero();
    for (bf::Index c = 0; c < 7; ++c) {
      for (bf::Index i = 0; i < x.rows(); ++i) x(i, c) = static_cast<S>((c + i) % 5 - 2) * size;
      z(c % z.rows(), c) = S(c % 2 == 0 || z.rows() > 1);
    }
    const bf::Samples data(x, z);
    bf::Workspace<Net> workspace(net, 7);
    bf::Vector<S> gradient(net.parameter_count());
    bool finite = bf::is_finite(bf::gradient(net, loss, data, workspace, gradient));
    finite &= bf::all_finite(gradient.data(), gradient.size());
    const auto history =
        bf::fit(net, loss, bf::ClipNorm{bf::Adam{}, 1.0}, data, {.epochs = 3, .batch_size = 3});
    finite &= bf::is_finite(history.final_loss());
    const bf::Matrix<S> y = net(x);
    finite &= bf::all_finite(y.data(), y.size());
    if (size < S(1e6)) {
      finite &= bf::accuracy(y, z) >= 0 && bf::confusion_matrix(y, z).sum() == 7;
    }
    return finite;
  });
}

template <class S, class Layer>
void sequences_are_quiet(const char* name, S size) {
  stays_quiet(name, double(size), 0, [&] {
    using Net = bf::Rnn<S, bf::Input<2>, Layer, bf::Dense<1, bf::Linear>>;
    Net net;
    bf::Random random(3);
    net.initialize(bf::Uniform{-0.5, 0.5}, random);
    bf::Matrix<S> x(2, 6);
    bf::Matrix<S> z(1, 6);
    for (bf::Index c = 0; c < 6; ++c) {
      x.col(c) << size * static_cast<S>(c - 3), S(0);
      z(0, c) = S(0.1);
    }
    const bf::Sequences<S> data(x, z, 3);
    const auto history =
        bf::fit(net, bf::HalfSquaredError{}, bf::RmsProp{}, data, {.epochs = 3, .batch_size = 1});
    return bf::is_finite(history.final_loss());
  });
}

template <class S>
void all_is_quiet() {
  function_is_quiet<S>("exp", [](const auto& v) { return exp(v); });
  function_is_quiet<S>("expm1", [](const auto& v) { return expm1(v); });
  function_is_quiet<S>("sigmoid", [](const auto& v) { return sigmoid(v); });
  function_is_quiet<S>("tanh", [](const auto& v) { return tanh(v); });
  function_is_quiet<S>("softplus", [](const auto& v) { return softplus(v); });
  function_is_quiet<S>("log1p", [](const auto& v) { return log1p(abs(v)); });
  function_is_quiet<S>("log1p", [](const auto& v) { return log1p(at_least(v, v * 0 - 0.5)); });
  function_is_quiet<S>("log", [](const auto& v) { return log(abs(v) + v * 0); });
  function_is_quiet<S>("normal_cdf", [](const auto& v) { return normal_cdf(v); });
  function_is_quiet<S>("sqrt", [](const auto& v) { return sqrt(abs(v)); });

  activation_is_quiet<S>("Elu", bf::Elu{});
  activation_is_quiet<S>("Elu of 20", bf::Elu{20});
  activation_is_quiet<S>("Gelu", bf::Gelu{});
  activation_is_quiet<S>("LeakyRelu", bf::LeakyRelu{});
  activation_is_quiet<S>("Linear", bf::Linear{});
  activation_is_quiet<S>("Relu", bf::Relu{});
  activation_is_quiet<S>("Sigmoid", bf::Sigmoid{});
  activation_is_quiet<S>("Sigmoid of 3", bf::Sigmoid{3});
  activation_is_quiet<S>("Silu", bf::Silu{});
  activation_is_quiet<S>("Softplus", bf::Softplus{});
  activation_is_quiet<S>("Tanh", bf::Tanh{});
  activation_is_quiet<S>("Tanh of 3", bf::Tanh{3});

  loss_is_quiet<S>("AbsoluteError", bf::AbsoluteError{});
  loss_is_quiet<S>("HalfSquaredError", bf::HalfSquaredError{});
  loss_is_quiet<S>("Huber", bf::Huber{});
  loss_is_quiet<S>("LogCosh", bf::LogCosh{});
  loss_is_quiet<S>("Pinball", bf::Pinball{0.3});
  loss_is_quiet<S>("Poisson", bf::Poisson{});
  probability_loss_is_quiet<S>("BinaryCrossEntropy", bf::BinaryCrossEntropy{});
  probability_loss_is_quiet<S>("CategoricalCrossEntropy", bf::CategoricalCrossEntropy{});
  output_is_quiet<S>("BinaryCrossEntropy, Sigmoid", bf::BinaryCrossEntropy{}, bf::Sigmoid{});
  output_is_quiet<S>("CategoricalCrossEntropy, Sigmoid", bf::CategoricalCrossEntropy{},
                     bf::Sigmoid{});
  output_is_quiet<S>("CategoricalCrossEntropy, Softmax", bf::CategoricalCrossEntropy{},
                     bf::Softmax{});
  output_is_quiet<S>("HalfSquaredError, Softmax", bf::HalfSquaredError{}, bf::Softmax{});
  output_is_quiet<S>("LogCosh, Tanh", bf::LogCosh{}, bf::Tanh{});

  for (const auto placement :
       {bf::EpsilonPlacement::InsideRoot, bf::EpsilonPlacement::OutsideRoot}) {
    for (const double epsilon : {1e-8, 0.0}) {
      optimizer_is_quiet<S>("Adam", bf::Adam{.epsilon = epsilon, .epsilon_placement = placement});
      optimizer_is_quiet<S>("RmsProp",
                            bf::RmsProp{.epsilon = epsilon, .epsilon_placement = placement});
    }
  }
  optimizer_is_quiet<S>("AdamW", bf::AdamW{});
  optimizer_is_quiet<S>("Sgd", bf::Sgd{});
  optimizer_is_quiet<S>("Momentum", bf::Momentum{});
  optimizer_is_quiet<S>("Nesterov", bf::Nesterov{});
  optimizer_is_quiet<S>("Rprop", bf::Rprop{});
  optimizer_is_quiet<S>("ClipNorm", bf::ClipNorm{bf::Sgd{}, 1.0});
  optimizer_is_quiet<S>("ClipNorm to 1e-30", bf::ClipNorm{bf::Sgd{}, 1e-30});
  optimizer_is_quiet<S>("ClipNorm to 1e300", bf::ClipNorm{bf::Sgd{}, 1e300});
  optimizer_is_quiet<S>("ClipValue", bf::ClipValue{bf::Sgd{}, 1e300});

  for (const S size : {S(0), S(1e-30), S(1), S(40), S(1000)}) {
    training_is_quiet<S>(
        "Tanh, Sigmoid",
        bf::Mlp<S, bf::Input<3>, bf::Dense<5, bf::Tanh>, bf::Dense<1, bf::Sigmoid>>{},
        bf::BinaryCrossEntropy{}, size);
    training_is_quiet<S>(
        "Elu, Softplus, Softmax",
        bf::Mlp<S, bf::Input<bf::Dynamic>, bf::Dense<bf::Dynamic, bf::Elu>,
                bf::Dense<bf::Dynamic, bf::Softplus>, bf::Dense<bf::Dynamic, bf::Softmax>>(3, 7, 5,
                                                                                           3),
        bf::CategoricalCrossEntropy{}, size);
    training_is_quiet<S>("Gelu, Silu, Relu",
                         bf::Mlp<S, bf::Input<3>, bf::Dense<3, bf::Gelu>, bf::Dense<2, bf::Silu>,
                                 bf::Dense<2, bf::Relu>, bf::Dense<1, bf::Linear>>{},
                         bf::Huber{}, size);
    sequences_are_quiet<S, bf::Dense<3, bf::Tanh, bf::Recurrent<>>>("Recurrent", size);
    sequences_are_quiet<S, bf::Lstm<3>>("Lstm", size);
    sequences_are_quiet<S, bf::Gru<3>>("Gru", size);
  }
}

}  // namespace

int main() {
  all_is_quiet<float>();
  all_is_quiet<double>();
  if (failures > 0) std::printf("%d in all\n", failures);
  return failures == 0 ? 0 : 1;
}
