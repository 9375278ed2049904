// SPDX-License-Identifier: MIT
#include <functional>
#include <limits>
#include <string>

#include "backfold/backfold.hpp"
#include "catch.hpp"
#include "difference.hpp"
#include "numbers.hpp"
#include "said.hpp"

using namespace backfold;

namespace {

using Sized = Mlp<double, Input<Dynamic>, Dense<Dynamic, Tanh>, Dense<Dynamic, Linear>>;
using Loop = Rnn<double, Input<Dynamic>, Dense<Dynamic, Tanh, Recurrent<>, Recurrent<2>>,
                 Dense<Dynamic, Linear>>;
using FixedLoop = Rnn<double, Input<2>, Dense<3, Tanh, Recurrent<>>, Dense<2, Linear>>;
using Cells = Rnn<double, Input<Dynamic>, Lstm<Dynamic>, Dense<Dynamic, Linear, Delayed<0>>>;

const HalfSquaredError loss;

template <class Net>
Net drawn(Net net) {
  Random random(7);
  net.initialize(Uniform{-1, 1}, random);
  return net;
}

}  // namespace

TEST_CASE("every function that reads w refuses one of another length", "[network]") {
  const Eigen::MatrixXd x = Eigen::MatrixXd::Ones(2, 1), z = x;
  for (const Index length : {0, 3, 100}) {
    Loop net(2, 3, 2);
    State state(net);
    Rtrl rtrl(net);
    Workspace workspace(net);
    const Index n = net.parameter_count();
    net.parameters().resize(length);
    const Loop& read = net;
    Eigen::VectorXd g;
    Eigen::MatrixXd outputs(2, 4), d;
    const Samples<double> data(x, z);
    Random random(1);
    const std::function<void()> uses[] = {
        [&] { step(net, x, state); },
        [&] { free_run(net, x, state, outputs); },
        [&] { run(net, x, 1, workspace); },
        [&] { rtrl.step(net, loss, x, z, g); },
        [&] { rtrl.step(net, x); },
        [&] { net.initialize(Uniform{}, random); },
        [&] { net.initialize<2>(Uniform{}, random); },
        [&] { net.weights<1>(); },
        [&] { net.weights<1, 1>(); },
        [&] { net.bias<2>(); },
        [&] { (void)read.weights<1>(); },
        [&] { (void)read.weights<1, 1>(); },
        [&] { (void)read.bias<2>(); },
        [&] { loss_of(net, loss, data, workspace); },
        [&] { gradient(net, loss, data, workspace, g); },
        [&] { gradient_with_inputs(net, loss, data, workspace, g, d); },
        [&] { (void)check_gradient(net, loss, data); },
        [&] {
          (void)Rnn<float, Input<Dynamic>, Dense<Dynamic, Tanh, Recurrent<>, Recurrent<2>>,
                    Dense<Dynamic, Linear>>(net);
        },
    };
    const std::string message = "network: it has " + std::to_string(n) +
                                " parameters, the vector set holds " + std::to_string(length);
    for (const auto& use : uses) CHECK(said(use) == message);
  }
}

TEST_CASE("what was moved from is refused or made anew, never read", "[network]") {
  Loop net = drawn(Loop(2, 3, 2));
  const Eigen::MatrixXd x = Eigen::MatrixXd::Ones(2, 1);

  Workspace workspace(net, 1);
  const Eigen::MatrixXd y = run(net, x, 1, workspace);
  Workspace taken = std::move(workspace);
  CHECK(run(net, x, 1, workspace) == y);
  CHECK(run(net, x, 1, taken) == y);
  workspace = std::move(taken);
  CHECK(run(net, x, 1, taken) == y);

  State state(net);
  step(net, x, state);
  State moved = std::move(state);
  CHECK(moved.output<1>()(0) != 0);
  Eigen::MatrixXd outputs(2, 3);
  Workspace other(net);
  for (const auto& use : std::initializer_list<std::function<void()>>{
           [&] { step(net, x, state); }, [&] { free_run(net, x, state, outputs); },
           [&] { run(net, x, 1, other, &state); }, [&] { run(net, x, 1, other, nullptr, &state); },
           [&] { state.reset(); }, [&] { state.output<1>(); },
           [&] { (void)std::as_const(state).output<1>(); }}) {
    CHECK(said(use) == "state: it has been moved from");
  }
  state.resize(1);  // a new life
  CHECK(state.output<1>().isZero());
  CHECK(step(net, x, state) == y);
  auto& self = moved;
  const Eigen::MatrixXd before = moved.output<1>();
  moved = std::move(self);
  CHECK(moved.output<1>() == before);
  moved = self;
  CHECK(moved.output<1>() == before);

  auto moves_rtrl = [&](auto network) {
    Eigen::VectorXd g;
    Rtrl rtrl(network);
    rtrl.step(network, x);
    const Rtrl kept = std::move(rtrl);
    CHECK(kept.output().size() == 2);
    for (const auto& use : std::initializer_list<std::function<void()>>{
             [&] { rtrl.step(network, loss, x, x, g); }, [&] { rtrl.step(network, x); },
             [&] { rtrl.reset(); }}) {
      CHECK(said(use) == "Rtrl: it has been moved from");
    }
    rtrl = kept;
    rtrl.step(network, loss, x, x, g);
    CHECK(g.size() == network.parameter_count());
  };
  moves_rtrl(net);
  moves_rtrl(FixedLoop());

  const Loop heir = std::move(net);
  CHECK(said([&] { step(net, x, state); }) ==
        "network: it has 35 parameters, the vector set holds 0");
}

TEST_CASE("a state's past ends with its longest delay", "[network]") {
  State state(Loop(2, 3, 2));
  const auto& read = state;
  CHECK(state.output<1>(2).isZero());
  for (const int delay : {-1, 0, 3, 5}) {
    const std::string message =
        "state: layer 1 remembers 2 steps, got delay " + std::to_string(delay);
    CHECK(said([&] { (void)state.output<1>(delay); }) == message);
    CHECK(said([&] { (void)read.output<1>(delay); }) == message);
  }
  CHECK(said([&] { (void)State(FixedLoop()).output<1>(5); }) ==
        "state: layer 1 remembers 1 step, got delay 5");
}

TEST_CASE("views take no matrix of another size", "[network]") {
  Loop net(2, 3, 2);
  Rnn<double, Input<2>, Lstm<3>> cells;
  State state(net);
  State memory(cells, 2);
  CHECK(said([&] { net.weights<1>() = Eigen::MatrixXd::Zero(3, 9); }) ==
        "view: it is 3 x 8, what is assigned 3 x 9");
  CHECK(said([&] {
          net.weights<1, 1>() = Eigen::Matrix3f::Zero(3, 3).cast<double>().leftCols(2);
        }) == "view: it is 3 x 3, what is assigned 3 x 2");
  CHECK(said([&] { net.bias<1>() = Eigen::VectorXd::Zero(4); }) ==
        "view: it is 3 x 1, what is assigned 4 x 1");
  CHECK(said([&] { net.weights<2>() += Eigen::MatrixXd::Zero(3, 2); }) ==
        "view: it is 2 x 3, what is assigned 3 x 2");
  CHECK(said([&] { state.output<1>(2) = Eigen::MatrixXd::Zero(3, 2); }) ==
        "view: it is 3 x 1, what is assigned 3 x 2");
  CHECK(said([&] { memory.memory<1>() = Eigen::MatrixXd::Zero(3, 1); }) ==
        "view: it is 3 x 2, what is assigned 3 x 1");
  CHECK(said([&] { cells.bias<1>() = Eigen::VectorXd::Zero(3); }) ==
        "view: it is 24 x 1, what is assigned 3 x 1");
  net.weights<1, 1>() = Eigen::Matrix3d::Identity();
  net.weights<1, 2>() = net.weights<1, 1>();
  net.bias<1>() = Eigen::RowVector3d(1, 2, 3);
  CHECK(net.weights<1, 2>().isIdentity());
  CHECK(net.bias<1>()[2] == 3);
  Eigen::Map<Eigen::MatrixXd> map = net.weights<2>();
  const Eigen::Ref<Eigen::MatrixXd> ref = net.weights<2>();
  CHECK(map.data() == ref.data());
}

TEST_CASE("sizes that multiply past all counting are refused", "[network]") {
  constexpr Index largest = (std::numeric_limits<Index>::max)();
  const Loop net(2, 3, 2);
  const Sized mlp(2, 3, 1);
  const Eigen::MatrixXd x = Eigen::MatrixXd::Ones(2, 6);
  auto is_refused = [](const std::function<void()>& use) {
    const std::string message = said(use);
    CAPTURE(message);
    CHECK(message.find("more numbers than can be counted") != std::string::npos);
  };
  // Every power of two: some products wrap to negative numbers, some to small ones.
  for (int k = 8 * int{sizeof(Index)} - 4; k < 8 * int{sizeof(Index)} - 1; ++k) {
    const Index n = Index{1} << k;
    for (const Index size : {n, n + 1, n + (n - 1), largest}) {
      is_refused([&] { Workspace(net, size); });
      is_refused([&] { Workspace(net, 1, size); });
      is_refused([&] { Workspace(net, size, size); });
      is_refused([&] { Workspace(mlp, size); });
      is_refused([&] { (void)State(net, size); });
      is_refused([&] { (void)State(net).resize(size); });
      is_refused([&] { (void)start<double>(Adam{}, size); });
      is_refused([&] { (void)start<float>(ClipNorm<Momentum>{Momentum{}, 1.0}, size); });
      is_refused([&] { detail::BatchBuffer<double>(Sequences<double>(x, x, 6), size); });
    }
  }
  CHECK(said([&] { Windows(x, x, {.length = largest}); }) ==
        "windows: a window of " + std::to_string(largest) +
            " steps and a horizon of 0 reach past the end of 6 steps");
  CHECK(said([&] { Windows(x, x, {.length = 2, .horizon = largest}); }) ==
        "windows: a window of 2 steps and a horizon of " + std::to_string(largest) +
            " reach past the end of 6 steps");
  CHECK(said([&] {
          Windows(x, x, {.length = largest, .horizon = largest});
        }).find("past the end") != std::string::npos);
  const Index root = Index{1} << (4 * sizeof(Index) - 2);
  is_refused([&] { (void)one_hot<double>(std::vector<int>(3), largest); });
  is_refused([&] {
    // Unknown to the compiler, which would warn of the loops that are never reached.
    const volatile Index units = root * 2;
    Random random(1);
    double w;
    Orthogonal{}.fill(random, &w, units, units * 2);
  });
  CHECK(said([&] { Loop(root, root, root); }) ==
        "network: layer 1 has more parameters than can be counted");
}

TEST_CASE("a step reads an input that lies in the state as it was", "[network]") {
  auto holds = [](const auto& net, const auto& part, const auto& other) {
    using Net = std::remove_cvref_t<decltype(net)>;
    State<Net> state(net), twin(net);
    const Eigen::VectorXd x = Eigen::VectorXd::LinSpaced(net.inputs(), -1, 1);
    for (int t = 0; t < 4; ++t) {
      const auto y = step(net, x, state);
      const Eigen::MatrixXd copy = part(step(net, x, twin));
      const Eigen::MatrixXd fed = step(net, part(y), state);
      CHECK(fed == step(net, copy, twin));
      const Eigen::MatrixXd past = other(twin);
      const Eigen::MatrixXd fed_past = step(net, other(state), state);
      CHECK(fed_past == step(net, past, twin));
    }
  };
  const auto bottom = [](const auto& y) { return y.bottomRows(2); };
  const auto past = [](auto& state) { return state.template output<1>().topRows(2); };
  holds(drawn(Rnn<double, Input<Dynamic>, Dense<Dynamic, Tanh, Recurrent<>>>(2, 3)), bottom, past);
  holds(drawn(Rnn<double, Input<2>, Dense<3, Tanh, Recurrent<>>>()), bottom, past);
  holds(drawn(Rnn<double, Input<2>, Dense<4, Tanh, Recurrent<2>>, Dense<5, Linear>>()), bottom,
        [](auto& state) { return state.template output<1>(2).bottomRows(2); });
  holds(drawn(Cells(2, 3, 4)), bottom,
        [](auto& state) { return state.template memory<1>().topRows(2); });
  holds(drawn(Cells(2, 3, 4)), bottom, [](auto& state) { return state.template output<0>(); });
}

TEST_CASE("run reads inputs that lie in its workspace as they were", "[network]") {
  const Eigen::MatrixXd X = numbers(2, 12, 1);
  const Sized net = drawn(Sized(2, 9, 3));
  Workspace workspace(net, 12);
  const Eigen::MatrixXd Y = run(net, X, workspace);
  const Eigen::MatrixXd again = net(Y.bottomRows(2));
  CHECK(run(net, run(net, X, workspace).bottomRows(2), workspace) == again);
  // Fewer columns are another layout, more units another buffer.
  CHECK(run(net, run(net, X, workspace).block(1, 5, 2, 7), workspace) == net(Y.block(1, 5, 2, 7)));
  const Sized larger = drawn(Sized(2, 50, 3));
  Workspace grows(net, 12);
  CHECK(run(larger, run(net, X, grows).topRows(2), grows) == larger(Y.topRows(2)));

  const Mlp<double, Input<2>, Dense<3, Tanh>> small =
      drawn(Mlp<double, Input<2>, Dense<3, Tanh>>());
  Workspace<std::remove_const_t<decltype(small)>, 1> inside(small);
  const Eigen::Vector2d x(0.5, -0.5);
  const Eigen::VectorXd y = small(x);
  const Eigen::VectorXd expected = small(y.tail(2).eval());
  CHECK(run(small, run(small, x, inside).bottomRows(2), inside) == expected);

  const Cells cells = drawn(Cells(2, 3, 2));  // remembers inputs
  Workspace steps(cells, 3, 4), others(cells, 3, 4);
  const Eigen::MatrixXd sequence = run(cells, X, 4, steps);
  const Eigen::MatrixXd twice = run(cells, sequence, 4, others);
  CHECK(run(cells, run(cells, X, 4, steps), 4, steps) == twice);
  run(cells, X, 4, steps);
  CHECK(run(cells, run(cells, X, 4, steps).leftCols(6), 2, steps) ==
        run(cells, sequence.leftCols(6), 2, others));
}

TEST_CASE("any number of samples goes through in blocks with the outputs of one run", "[network]") {
  const Sized net = drawn(Sized(3, 1, 5));
  Workspace workspace(net);
  for (const Index n : {1, 255, 256, 257, 258, 513, 700}) {
    const Eigen::MatrixXd X = numbers(4, n, 2);
    CHECK(net(X.topRows(3)) == run(net, X.topRows(3), workspace));
  }
}

TEST_CASE("what was moved from keeps no sizes without their numbers") {
  auto state = start<double>(Momentum{}, 3);
  const auto taken = std::move(state);
  CHECK(taken.vectors.size() == 3);
  Eigen::Vector3d w(1, 2, 3);
  auto objective = [](const double*, double* g) { return g[0] = g[1] = g[2] = 1; };
  CHECK(said([&] { Momentum{}.step(w.data(), objective, state); }) ==
        "optimizer: its state has been moved from");
  const Eigen::MatrixXd series = numbers(1, 9, 3);
  Windows windows(series, series, {.length = 3, .warm_up = 2});
  const Windows kept = std::move(windows);
  CHECK(windows[0].weights != nullptr);
  CHECK(windows[0].target_count() == kept[0].target_count());
  detail::BatchBuffer<double> buffer(kept[0], 2);
  const Index order[] = {0, 1, 2};
  CHECK(said([&] { buffer.gather(kept, order, 3); }) ==
        "fit: the batch has no room for 3 sequences");
}

TEST_CASE("a free run starts from a column of its outputs or of its state", "[network]") {
  const Loop net = drawn(Loop(2, 3, 2));
  State state(net), twin(net);
  Eigen::MatrixXd outputs = numbers(2, 5, 4), expected(2, 5);
  const Eigen::MatrixXd first = outputs.col(3);
  free_run(net, outputs.col(3), state, outputs);
  free_run(net, first, twin, expected);
  CHECK(outputs == expected);
  Eigen::Matrix<double, Dynamic, Dynamic, Eigen::RowMajor> rows(2, 5);
  State other = twin;
  free_run(net, first, other, rows);
  other = twin;
  free_run(net, first, other, expected);
  CHECK(rows == expected);
  const Eigen::MatrixXd past = twin.output<1>().topRows(2);
  free_run(net, state.output<1>().topRows(2), state, outputs);
  free_run(net, past, twin, expected);
  CHECK(outputs == expected);
}
