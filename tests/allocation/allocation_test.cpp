// SPDX-License-Identifier: MIT
#include <atomic>
#include <cstdlib>
#include <new>
#include <vector>

#include "backfold/analysis/hessian.hpp"
#include "backfold/analysis/jacobian.hpp"
#include "backfold/analysis/sample_gradients.hpp"
#include "backfold/analysis/transition.hpp"
#include "backfold/backfold.hpp"
#include "backfold/gradient/linearization.hpp"
#include "backfold/second_order/fit_kalman.hpp"
#include "backfold/training/hook/trace.hpp"
#include "catch.hpp"
#include "numbers.hpp"

// Every allocation of this program is counted: operator new here, malloc through Eigen's own check
// (EIGEN_RUNTIME_NO_MALLOC, an assertion) and, with glibc, through malloc itself.

namespace {
std::atomic<long> allocations = 0;
}

#if defined(__SANITIZE_ADDRESS__)
#define UNDER_ADDRESS_SANITIZER
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNDER_ADDRESS_SANITIZER
#endif
#endif
#if defined(__GLIBC__) && !defined(UNDER_ADDRESS_SANITIZER)
#define COUNTS_MALLOC
extern "C" void* __libc_malloc(std::size_t);
extern "C" void* malloc(std::size_t size) {
  ++allocations;
  return __libc_malloc(size);
}
#endif

// All forms: a sanitizer's own ones do not call each other. g++ 12 takes an inlined free for a
// mismatch with a new that it has not inlined.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size);
}
void* operator new(std::size_t size) {
  if (void* memory = operator new(size, std::nothrow)) return memory;
  throw std::bad_alloc();
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  return operator new(size, std::nothrow);
}
void* operator new[](std::size_t size) { return operator new(size); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  ++allocations;
  const auto unit = static_cast<std::size_t>(alignment);
  if (void* memory = std::aligned_alloc(unit, (size + unit - 1) / unit * unit)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

using namespace backfold;

namespace {

template <class F>
long allocations_of(const F& work) {
  const long before = allocations;
#if defined(EIGEN_RUNTIME_NO_MALLOC)
  Eigen::internal::set_is_malloc_allowed(false);
#endif
  work();
#if defined(EIGEN_RUNTIME_NO_MALLOC)
  Eigen::internal::set_is_malloc_allowed(true);
#endif
  return allocations - before;
}

template <class Net, class O>
void trains_quietly(Net net, const O& optimizer, Index batch, Index steps = 1) {
  Random random(1);
  net.initialize(Uniform{}, random);
  const Eigen::MatrixXd X = numbers(net.inputs(), 3 * batch * steps, 1);
  const Eigen::MatrixXd Z = numbers(net.outputs(), 3 * batch * steps, 2);
  const Sequences<double> data(X, Z, steps);
  const FitOptions options{.batch_size = batch};
  Training<Net, HalfSquaredError, O, Sequences<double>> training(net, HalfSquaredError{}, optimizer,
                                                                 data, options);
  CHECK(allocations_of([&] {
          for (int epoch = 0; epoch < 34; ++epoch) training.run_epoch();  // 102 steps
        }) == 0);

  Workspace<Net> workspace(net, batch, steps);
  CHECK(allocations_of([&] {
          for (int i = 0; i < 100; ++i) run(net, X.leftCols(batch * steps), steps, workspace);
        }) == 0);
  if constexpr (Net::Graph::is_recurrent) {
    State<Net> state(net, batch);
    CHECK(allocations_of([&] {
            for (int i = 0; i < 100; ++i) step(net, X.leftCols(batch), state);
          }) == 0);
    Stepper stepper(net, batch);
    CHECK(allocations_of([&] {
            for (int i = 0; i < 100; ++i) stepper(X.leftCols(batch));
            stepper.state() = state;
            state.values() = stepper.state().values();
            stepper.reset();
          }) == 0);
  }
}

template <class Net, class... Sizes>
void all_optimizers(Index batch, Index steps, Sizes... sizes) {
  const Net net(sizes...);
  trains_quietly(net, Sgd{}, batch, steps);
  trains_quietly(net, Momentum{}, batch, steps);
  trains_quietly(net, Nesterov{}, batch, steps);
  trains_quietly(net, RmsProp{}, batch, steps);
  trains_quietly(net, Adam{}, batch, steps);
  trains_quietly(net, AdamW{}, batch, steps);
  trains_quietly(net, Rprop{}, batch, steps);
}

}  // namespace

TEST_CASE("the counters count") {
  double* volatile numbers = nullptr;
  const long before = allocations;
  numbers = new double[10];
  CHECK(allocations > before);
  delete[] numbers;
#ifdef COUNTS_MALLOC
  const long before_malloc = allocations;
  void* volatile memory = std::malloc(10);
  CHECK(allocations > before_malloc);
  std::free(memory);
#endif
}

TEST_CASE("a hundred training steps and inferences allocate nothing, fixed and Dynamic") {
  using Fixed = Mlp<double, Input<5>, Dense<8, Tanh>, Dense<3, Linear, From<0>>>;
  using Sized = Mlp<double, Input<Dynamic>, Dense<Dynamic, Tanh>, Dense<Dynamic, Linear, From<0>>>;
  for (const Index batch : {1, 7}) {
    all_optimizers<Fixed>(batch, 1);
    all_optimizers<Sized>(batch, 1, 5, 8, 3);
  }
}

TEST_CASE("large products allocate nothing either") {
  using Large = Mlp<double, Input<Dynamic>, Dense<Dynamic, Relu>, Dense<Dynamic, Linear>>;
  trains_quietly(Large(300, 700, 40), Sgd{}, 40);
}

TEST_CASE("training in threads allocates nothing") {
  using Net =
      Mlp<double, Input<20>, Dense<100, Tanh>, Dropout<100>, Dense<60, Tanh>, Dense<2, Linear>>;
  Net net;
  Random random(1);
  net.initialize(Glorot{}, random);
  const Eigen::MatrixXd X = numbers(20, 256, 1), Z = numbers(2, 256, 2);
#if defined(_OPENMP)
  const FitOptions options{.batch_size = 128, .threads = 3};
#else
  const FitOptions options{.batch_size = 128, .threads = 1};
#endif
  Trainer training(net, HalfSquaredError{}, Adam{}, Samples(X, Z), options);
  CHECK(allocations_of([&] {
          for (int epoch = 0; epoch < 20; ++epoch) training.run_epoch();
        }) == 0);
}

TEST_CASE("a hundred recurrent steps, forward and back, allocate nothing") {
  using Loop = Rnn<double, Input<2>, Dense<5, Tanh, Recurrent<>, Delayed<2, 2>>, Dense<2, Linear>>;
  using Cells = Rnn<double, Input<Dynamic>, Lstm<Dynamic>, Gru<Dynamic>, Dense<Dynamic, Linear>>;
  using Starts = Rnn<double, Input<2>, Lstm<3, LearntStart>,
                     Dense<4, Tanh, Recurrent<2>, LearntStart>, Dense<2, Linear>>;
  for (const Index batch : {1, 4}) {
    trains_quietly(Loop(), Adam{}, batch, 6);
    trains_quietly(Starts(), Adam{}, batch, 6);
    trains_quietly(Cells(2, 5, 4, 2), Adam{}, batch, 6);
  }
}

TEST_CASE("truncated, ragged, weighted and stateful training and windows allocate nothing") {
  using Net = Rnn<double, Input<1>, Dense<5, Tanh, Recurrent<>>, Lstm<3>, Dense<1, Linear>>;
  Net net;
  Random random(1);
  net.initialize(Uniform{}, random);
  const ClipNorm optimizer{Adam{}, 1.0};
  const Eigen::MatrixXd X = numbers(1, 120, 3), Z = numbers(1, 120, 4);
  const Eigen::VectorXd weights = Eigen::VectorXd::LinSpaced(120, 0, 1);
  const std::vector<Index> lengths = {12, 3, 12, 1, 7, 8, 12, 5, 11, 12};
  Sequences<double> ragged(X, Z, weights, 12);
  ragged.lengths = lengths.data();
  auto allocations_in = [&]<class Source, Index Batch>(const Source& data,
                                                       const FitOptions& options,
                                                       std::integral_constant<Index, Batch>) {
    Training<Net, HalfSquaredError, ClipNorm<Adam>, Source, Batch> training(
        net, HalfSquaredError{}, optimizer, data, options);
    return allocations_of([&] {
      for (int epoch = 0; epoch < 20; ++epoch) training.run_epoch();
    });
  };
  constexpr std::integral_constant<Index, Dynamic> several;
  constexpr std::integral_constant<Index, 1> one;
  CHECK(allocations_in(ragged, {.batch_size = 4, .truncation = 5}, several) == 0);
  CHECK(allocations_in(ragged, {.batch_size = 4}, several) == 0);
  const Eigen::MatrixXd states = numbers(State<Net>(net).size(), 10, 5);
  ragged.initial_states = states;
  CHECK(allocations_in(ragged, {.batch_size = 4, .truncation = 5}, several) == 0);
  CHECK(allocations_in(ragged, {.batch_size = 1}, one) == 0);
  // Streams of 50 and 30 steps, and two of 20 side by side
  const Streams streams{Sequences(X.leftCols(50), Z.leftCols(50), 50),
                        Sequences(X.middleCols(50, 30), Z.middleCols(50, 30), 30),
                        Sequences(X.rightCols(40), Z.rightCols(40), 20)};
  CHECK(allocations_in(streams, {.batch_size = 3, .truncation = 7}, several) == 0);
  CHECK(allocations_in(streams, {.batch_size = 1, .truncation = 7}, one) == 0);
  // Pieces without a target
  Eigen::VectorXd late = weights;
  late.head(60).setZero();
  const Sequences<double> masked(X, Z, late, 12);
  CHECK(allocations_in(masked, {.batch_size = 10, .truncation = 5}, several) == 0);
  CHECK(allocations_in(masked, {.batch_size = 1, .truncation = 5}, one) == 0);
  const Windows windows(X, Z, {.length = 12, .stride = 12, .warm_up = 3});
  CHECK(allocations_in(windows, {.batch_size = 4}, several) == 0);
  CHECK(allocations_in(windows,
                       {.batch_size = 1, .shuffle = false, .truncation = 5, .stateful = true},
                       one) == 0);
}

namespace {

/// Reads the counter after the begin of the hooks before it, and after each epoch.
struct CountsEpochs {
  long* before;
  long* after;
  template <class T>
  void begin(T&) {
    *before = allocations;
  }
  template <class T>
  void after_epoch(T&, const EpochReport&) {
    *after = allocations;
  }
};

}  // namespace

TEST_CASE("hooks allocate nothing after their begin") {
  using Net = Mlp<float, Input<2>, Dense<8, Tanh>, Dense<1, Linear>>;
  Net net;
  Random random(1);
  net.initialize(Glorot{}, random);
  const Eigen::MatrixXf X = numbers(2, 50, 6).cast<float>(), Z = numbers(1, 50, 7).cast<float>();
  const Samples data(X, Z);
  for (const Index batch : {1, 8}) {
    long before = -1, after = -2;
    Validate validate(data, 2);
    fit(net, HalfSquaredError{}, Adam{}, data, {.epochs = 20, .batch_size = batch},
        WarmUp{CosineDecay{}, 2}, validate, StopEarly({.patience = 100}, validate),
        KeepBest(validate), CountsEpochs{&before, &after});
    CHECK(before == after);
    fit(net, HalfSquaredError{}, Adam{}, data, {.epochs = 20, .batch_size = batch},
        ReduceOnPlateau({.patience = 1}), KeepBest(), CountsEpochs{&before, &after});
    CHECK(before == after);
  }
}

TEST_CASE("validation over resets, lengths and closed loops allocates nothing after its begin") {
  using Net = Rnn<double, Input<1>, Dense<5, Tanh, Recurrent<>>, Lstm<3>, Dense<1, Linear>>;
  Net net;
  Random random(1);
  net.initialize(Uniform{}, random);
  const Eigen::MatrixXd X = numbers(1, 1200, 3), Z = numbers(1, 1200, 4);
  std::vector<char> flags(1200, 0);
  for (std::size_t c = 0; c < flags.size(); c += 7) flags[c] = 1;
  Sequences<double> data(X, Z, 12);
  const Sequences<double> whole = data;
  data.resets = flags;
  auto allocations_in = [&](const auto& loss, const auto& held_out) {
    long before = -1, after = -2;
    Validate validate(held_out);
    // A run without resets, so that nothing but validation has a use for them
    fit(net, loss, Sgd{}, whole, {.epochs = 3, .batch_size = 50}, validate,
        CountsEpochs{&before, &after});
    return after - before;
  };
  CHECK(allocations_in(HalfSquaredError{}, data) == 0);
  CHECK(allocations_in(HalfSquaredError{},
                       Windows(X, Z, {.length = 12, .stride = 5, .resets = flags})) == 0);
  CHECK(allocations_in(ClosedLoop(HalfSquaredError{}), whole) == 0);
  const std::vector<Index> lengths(100, 9);
  data.lengths = lengths.data();
  CHECK(allocations_in(HalfSquaredError{}, data) == 0);
}

TEST_CASE("a Trace allocates nothing after its begin") {
  using Net = Rnn<double, Input<2>, Lstm<5>, Dense<4, Tanh, Recurrent<>>, Dense<1, Linear>>;
  Net net;
  Random random(1);
  net.initialize(Glorot{}, random);
  const Eigen::MatrixXd X = numbers(2, 60, 6), Z = numbers(1, 60, 7);
  const Sequences<double> data(X, Z, 6);
  Trace trace(data, {.every = 1});
  long before = -1, after = -2;
  fit(net, HalfSquaredError{}, Adam{}, data, {.epochs = 20, .batch_size = 4}, trace,
      CountsEpochs{&before, &after});
  CHECK(before == after);
  CHECK(trace.count() == 61);
}

TEST_CASE("a hundred updates of real-time recurrent learning allocate nothing") {
  using Loop = Rnn<double, Input<2>, Dense<5, Tanh, Recurrent<>>, Dense<3, Tanh, SelfRecurrent<>>,
                   Dense<1, Linear>>;
  using Cells = Rnn<double, Input<2>, Lstm<3>, Gru<2>, Dense<1, Linear>>;
  auto is_quiet = [](auto net) {
    Rtrl rtrl(net);
    Eigen::VectorXd g(net.parameter_count());
    const Eigen::Vector2d x(0.5, -0.5);
    const Eigen::Matrix<double, 1, 1> z(0.2);
    return allocations_of([&] {
      for (int i = 0; i < 100; ++i) {
        rtrl.step(net, HalfSquaredError{}, x, z, g);
        net.parameters() -= 0.01 * g;
      }
    });
  };
  CHECK(is_quiet(Loop()) == 0);
  CHECK(is_quiet(Cells()) == 0);
}

TEST_CASE("steps with penalties and rates of parameters allocate nothing") {
  Mlp<float, Input<2>, Dense<3, Tanh>, Dense<1, Linear>> net;
  const ScaledRates optimizer{PenalizeL2{PenalizeL1{Nesterov{}, 1e-3}, 1e-3, weights_mask(net)},
                              1 - layer_mask(net, 1).array()};
  auto state = start<float>(optimizer, net.parameter_count());
  const auto objective = [](const float*, float* g) { return double(*g = 1); };
  CHECK(allocations_of([&] {
          for (int i = 0; i < 10; ++i) optimizer.step(net.parameters().data(), objective, state);
        }) == 0);
}

TEST_CASE("products with the Jacobian allocate nothing after their set-up") {
  using Net =
      Rnn<double, Input<2>, Dense<5, Tanh, Recurrent<2>>, LayerNorm<5>, Lstm<3>, Dense<2, Softmax>>;
  Net net;
  Random random(1);
  net.initialize(Glorot{}, random);
  const Eigen::MatrixXd X = numbers(2, 20, 8), dX = numbers(2, 20, 9);
  const Eigen::VectorXd v = numbers(net.parameter_count(), 1, 10);
  const State<Net> initial(net, 4);
  State<Net> final(net, 4), d_initial(net, 4);
  Eigen::VectorXd g(net.parameter_count());
  Eigen::MatrixXd gX(2, 20);
  Linearization<Net> at(net, 4, 5);
  CHECK(allocations_of([&] {
          for (int i = 0; i < 10; ++i) {
            at.run(net, X, 5, &initial);
            at.jacobian_vector_product(net, {&v, &dX, &initial, &final});
            at.vector_jacobian_product(net, dX, {&g, &gX, &d_initial});
          }
        }) == 0);
}

TEST_CASE("Jacobians, transitions and gradients of samples allocate nothing after their set-up") {
  using Net = Rnn<double, Input<2>, Lstm<3>, Dense<2, Tanh>>;
  Net net;
  Random random(1);
  net.initialize(Glorot{}, random);
  const Eigen::MatrixXd X = numbers(2, 8, 11), Z = numbers(2, 8, 12);
  const Sequences<double> data(X, Z, 4);
  State<Net> initial(net, 2), state(net);
  Jacobian<Net> jacobian(net, 4);
  Transition<Net> transition(net);
  Workspace<Net> workspace(net, 1, 4);
  Eigen::MatrixXd by_w(16, net.parameter_count()), by_x(16, 8), by_state(16, 6);
  Eigen::MatrixXd G(net.parameter_count(), 2);
  for (const JacobianMode mode : {JacobianMode::Forward, JacobianMode::Reverse}) {
    const JacobianOptions<Net> options{.steps = 4, .mode = mode, .initial = &initial};
    CHECK(allocations_of([&] {
            jacobian.by_parameters(net, X, by_w, options);
            jacobian.by_inputs(net, X, by_x, options);
            jacobian.by_initial(net, X, by_state, options);
          }) == 0);
  }
  CHECK(allocations_of([&] {
          transition.spectral_radius(net, X.col(0), state);
          transition.lyapunov_exponent(net, X, state);
          sample_gradients(net, HalfSquaredError{}, data, workspace, G);
        }) == 0);
}

TEST_CASE("products with the Hessian allocate nothing after their set-up") {
  using Net = Rnn<double, Input<2>, Dense<5, Tanh, Recurrent<2>>, Lstm<3>, Dense<2, Softmax>>;
  Net net;
  Random random(1);
  net.initialize(Glorot{}, random);
  const Eigen::MatrixXd X = numbers(2, 20, 1), Z = numbers(2, 20, 2);
  const Sequences<double> data(X, Z, 5);
  const Eigen::VectorXd v = numbers(net.parameter_count(), 1, 3);
  Eigen::VectorXd Hv(v.size()), g(v.size());
  HessianProduct<Net> product(net, 4, 5);
  CHECK(allocations_of([&] {
          for (int i = 0; i < 10; ++i) {
            product(net, HalfSquaredError{}, data, v, Hv);
            product.gradient(g);
          }
        }) == 0);
}

TEST_CASE("a fixed network answers a fixed vector without any allocation") {
  Mlp<double, Input<5>, Dense<8, Tanh>, Dense<3, Softmax>> net;
  Eigen::Matrix<double, 5, 1> x = Eigen::Matrix<double, 5, 1>::Ones();
  CHECK(allocations_of([&] {
          for (int i = 0; i < 100; ++i) x[0] += net(x)[0];
        }) == 0);
}

TEST_CASE("online learning of a fixed network allocates nothing after its set-up") {
  using Net = Mlp<double, Input<2>, Dense<8, Tanh>, Dense<1, Sigmoid>>;
  Net net;
  Random random(1);
  net.initialize(Glorot{}, random);
  const Eigen::MatrixXd X = numbers(2, 50, 13);
  const Eigen::MatrixXd Z = numbers(1, 50, 14).cwiseAbs();
  const Sequences<double> data(X, Z, 1);
  Training<Net, BinaryCrossEntropy, Momentum, Sequences<double>, 1> training(
      net, BinaryCrossEntropy{}, Momentum{}, data, FitOptions{.batch_size = 1});
  CHECK(allocations_of([&] { training.run_epoch(), training.run_epoch(); }) == 0);
}

TEST_CASE("scaling into a result of the right size, in place, or fixed sizes allocates nothing") {
  const Eigen::MatrixXd x = numbers(4, 30, 15);
  const Scaling scaling(x);
  Eigen::MatrixXd scaled(4, 30);
  Eigen::MatrixXf floats(4, 30);
  const Eigen::Vector4d sample = x.col(3);
  double sum = 0;
  CHECK(allocations_of([&] {
          scaling.apply(x, scaled);
          scaling.invert_in_place(scaled);
          scaling.apply(x.leftCols(7), floats.leftCols(7));
          sum += scaling.apply(sample)[2];
        }) == 0);
  CHECK(scaled.isApprox(x));
  CHECK(sum == scaling.apply(x)(2, 3));
}

TEST_CASE("passes of all purposes in turn allocate nothing once each has run") {
  using Net = Rnn<double, Input<2>, Lstm<3>, Dense<9, Tanh>, Dense<2, Tanh>>;
  const Net net;
  const Eigen::MatrixXd X = numbers(2, 8, 16), Z = numbers(2, 8, 17);
  const Sequences<double> data(X, Z, 4), shorter(X.leftCols(4), Z.leftCols(4), 4);
  const std::vector<Index> lengths = {4, 2};
  const RunOptions<Net> options{.lengths = lengths};
  Workspace<Net> forward(net, 2, 4, Purpose::Forward);
  CHECK(allocations_of([&] {
          run(net, X, 4, forward);
          loss_of(net, HalfSquaredError{}, data, forward);
          loss_of(net, HalfSquaredError{}, shorter, forward);
        }) == 0);
  Workspace<Net> workspace(net, 2, 4, Purpose::InputGradient);
  Eigen::VectorXd g(net.parameter_count());
  Eigen::MatrixXd dX(2, 8);
  run(net, X, 4, workspace, options);
  CHECK(allocations_of([&] {
          for (int i = 0; i < 3; ++i) {
            gradient_with_inputs(net, HalfSquaredError{}, data, workspace, g, dX);
            run(net, X, 4, workspace, options);
            gradient(net, HalfSquaredError{}, shorter, workspace, g);
            run(net, X, 4, workspace);
            gradient(net, HalfSquaredError{}, data, workspace, g);
          }
        }) == 0);
}

TEST_CASE("training of sequences with lengths, and of a closed loop, allocates nothing") {
  using Net = Rnn<double, Input<2>, Lstm<3>, Dense<2, Tanh>>;
  Net net;
  Random random(1);
  net.initialize(Glorot{}, random);
  const Eigen::MatrixXd X = numbers(2, 24, 18), Z = numbers(2, 24, 19);
  const std::vector<Index> lengths = {4, 2, 1, 4, 3, 4};
  Sequences<double> data(X, Z, 4);
  data.lengths = lengths.data();
  for (const Index batch : {1, 2}) {
    Training<Net, HalfSquaredError, Sgd, Sequences<double>> training(
        net, HalfSquaredError{}, Sgd{}, data, FitOptions{.batch_size = batch});
    CHECK(allocations_of([&] { training.run_epoch(), training.run_epoch(); }) == 0);
    using Loop = ClosedLoop<HalfSquaredError>;
    Training<Net, Loop, Sgd, Sequences<double>> looped(net, Loop(HalfSquaredError{}), Sgd{}, data,
                                                       FitOptions{.batch_size = batch});
    CHECK(allocations_of([&] { looped.run_epoch(), looped.run_epoch(); }) == 0);
  }
}

TEST_CASE("loss and gradient at any w, into a view, allocate nothing") {
  using Net = Rnn<double, Input<2>, Lstm<3>, Dense<2, Tanh>>;
  const Net net;
  const Eigen::MatrixXd X = numbers(2, 8, 20), Z = numbers(2, 8, 21);
  const Sequences<double> data(X, Z, 4);
  Workspace<Net> workspace(net, 2, 4);
  const Eigen::VectorXd w = numbers(net.parameter_count(), 1, 22);
  Eigen::MatrixXd G(net.parameter_count(), 2);
  double E = 0, same = 1;
  CHECK(allocations_of([&] {
          E = loss_of(net, HalfSquaredError{}, data, workspace, {.parameters = w});
          same = gradient(net, HalfSquaredError{}, data, workspace, G.col(1), {.parameters = w});
        }) == 0);
  CHECK(E == same);
}

namespace {

template <class Net>
long allocations_of_filter(Net net, const KalmanOptions& options) {
  const Index outputs = net.outputs();
  const Eigen::MatrixXd X = numbers(net.inputs(), 12, 23), Z = numbers(outputs, 12, 24);
  const Eigen::VectorXd weights = Eigen::VectorXd::Constant(outputs, 0.5);
  Random random(1);
  net.initialize(Glorot{}, random);
  ExtendedKalmanFilter<Net> filter(net, options);
  return allocations_of([&] {
    for (Index t = 0; t < 12; ++t) {
      filter.step(net, X.col(t), Z.col(t));
      filter.step(net, X.col(t), Z.col(t), weights);
      filter.step(net, X.col(t));
      if (t == 6) filter.reset();
    }
  });
}

}  // namespace

TEST_CASE("steps of a Kalman filter allocate nothing, by RTRL or by BPTT") {
  using Any = Mlp<double, Input<Dynamic>, Dense<Dynamic, Tanh>, Dense<Dynamic, Linear>>;
  CHECK(allocations_of_filter(Mlp<double, Input<2>, Dense<3, Tanh>, Dense<2, Linear>>(), {}) == 0);
  for (const KalmanCoupling coupling :
       {KalmanCoupling::Global, KalmanCoupling::Layer, KalmanCoupling::Node}) {
    CHECK(allocations_of_filter(Any(20, 30, 40), {.coupling = coupling}) == 0);
  }
  for (const JacobianMode mode : {JacobianMode::Forward, JacobianMode::Reverse}) {
    const KalmanOptions options{.mode = mode, .window = 5};
    CHECK(allocations_of_filter(Elman<double, Dynamic, Dynamic, Dynamic>(2, 10, 3), options) == 0);
    CHECK(allocations_of_filter(Rnn<double, Input<2>, Lstm<4>, Dense<2, Linear>>(), options) == 0);
  }
}
