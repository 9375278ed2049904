// SPDX-License-Identifier: MIT
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "backfold/backfold.hpp"
#include "catch.hpp"
#include "numbers.hpp"
#include "said.hpp"

using namespace backfold;

namespace {

using Sized = Mlp<double, Input<Dynamic>, Dense<Dynamic, Tanh>, Dense<Dynamic, Linear>>;
using Loop = Rnn<double, Input<Dynamic>, Dense<Dynamic, Tanh, Recurrent<>>, Dense<Dynamic, Linear>>;
using Matrix_ = Eigen::MatrixXd;

struct Misuse {
  const char* message;
  std::function<void()> wrong;
};

const double not_a_number = std::numeric_limits<double>::quiet_NaN();
const Matrix_ X = numbers(2, 6, 1), Z = numbers(1, 6, 2);

Sized net() { return Sized(2, 3, 1); }
Loop loop() { return Loop(2, 3, 1); }

void train(const Matrix_& x, const Matrix_& z, const FitOptions& options = {}) {
  Sized n = net();
  fit(n, HalfSquaredError{}, Sgd{}, Samples(x, z), options);
}
void train_loop(const Sequences<double>& data, const FitOptions& options = {}) {
  Loop n = loop();
  fit(n, HalfSquaredError{}, Sgd{}, data, options);
}
Matrix_ with(Matrix_ m, Index row, Index column, double value) {
  m(row, column) = value;
  return m;
}
void with_lengths(std::vector<Index> lengths) {
  Sequences<double> data(X, Z, 3);
  data.lengths = lengths.data();
  train_loop(data);
}

using Yes = Mlp<double, Input<2>, Dense<3, Tanh>, Dense<1, Sigmoid>>;
using Classes = Mlp<double, Input<2>, Dense<Dynamic, Sigmoid>>;

template <class L, class Net>
void learn(Net n, const L& loss, const Matrix_& z) {
  fit(n, loss, Sgd{}, Samples(X, z));
}
void learn_yes(const Matrix_& z) { learn(Yes(), BinaryCrossEntropy{}, z); }
void learn_classes(const Matrix_& z) { learn(Classes(2, z.rows()), CategoricalCrossEntropy{}, z); }

/// Sgd of a user, whose rate has another name.
struct Unrated {
  double eta = 0.1;
  template <Real S, Index N = Dynamic>
  using State = Sgd::State<S, N>;
  void check() const {}
  template <Real S, Index N, class Objective>
  double step(S* w, Objective&& objective, State<S, N>& state) const {
    return Sgd{eta}.step(w, objective, state);
  }
};

template <class O>
void train_by(const O& optimizer, const FitOptions& options) {
  Sized n = net();
  fit(n, HalfSquaredError{}, optimizer, Samples(X, Z), options);
}

const char* const samples_for_recurrent =
    "data: a recurrent network learns from Sequences(X, Z, steps) or Windows, not from Samples; a "
    "batch of sequences of one step is Sequences(X, Z, 1)";

/// Sequences that are neither ours nor Windows: each a column.
struct Columns {
  const Matrix_& x;
  const Matrix_& z;
  Index count() const { return x.cols(); }
  Sequences<double> operator[](Index i) const { return {x.col(i), z.col(i), 1}; }
  void check_finite() const {}
};

}  // namespace

TEST_CASE("wrong use is refused with what was expected and what came") {
  const std::vector<Misuse> table = {
      {"layer: needs at least one unit, got 0", [] { Sized(2, 0, 1); }},
      {"layer: needs at least one unit, got -3", [] { Sized(-3, 1, 1); }},
      {"layer: this type has 3 units, but 4 were asked for",
       [] { Mlp<double, Input<2>, Dense<3, Tanh>> wrong(2, 4); }},
      {"Tanh: slope must be positive and finite, got -1",
       [] { Dense<3, Tanh>(Tanh{.slope = -1}); }},
      {"Sigmoid: slope must be positive and finite, got nan",
       [] { Dense<3, Sigmoid>(Sigmoid{.slope = not_a_number}); }},
      {"Elu: alpha must be positive and finite, got 0", [] { Dense<3, Elu>(Elu{.alpha = 0}); }},
      {"LeakyRelu: slope must be positive and finite, got -0.5",
       [] { Dense<3, LeakyRelu>(LeakyRelu{.slope = -0.5}); }},
      {"input has 3 rows, the input layer 2 units",
       [] { (void)net()(Matrix_::Ones(3, 1).eval()); }},
      {"workspace: the batch needs at least one sample, got 0", [] { Workspace(net(), 0); }},
      {"workspace: a sequence needs at least one step, got 0", [] { Workspace(loop(), 1, 0); }},
      {"data: no samples", [] { train(Matrix_(2, 0), Matrix_(1, 0)); }},
      {"data: inputs have 3 rows, the input layer 2 units", [] { train(Matrix_::Ones(3, 6), Z); }},
      {"data: targets have 3 rows, the output layer 1 units",
       [] { train(X, Matrix_::Ones(3, 6)); }},
      {"data: expected 6 columns of targets for 6 columns of inputs, got 5",
       [] { train(X, Matrix_::Ones(1, 5)); }},
      {"data: inputs hold a number that is not finite at row 1, column 4",
       [] { train(with(X, 1, 4, not_a_number), Z); }},
      {"data: targets hold a number that is not finite at row 0, column 2",
       [] { train(X, with(Z, 0, 2, std::numeric_limits<double>::infinity())); }},
      {"data: expected 6 weights, one for each column of targets, got 2",
       [] {
         Sized n = net();
         const Eigen::VectorXd weights = Eigen::VectorXd::Ones(2);
         fit(n, HalfSquaredError{}, Sgd{}, Samples(X, Z, weights));
       }},
      {"data: weight 1 is nan",
       [] {
         Sized n = net();
         const Eigen::VectorXd weights = with(Matrix_::Ones(6, 1), 1, 0, not_a_number);
         fit(n, HalfSquaredError{}, Sgd{}, Samples(X, Z, weights));
       }},
      {"data: all weights are 0",
       [] {
         Sized n = net();
         const Eigen::VectorXd weights = Eigen::VectorXd::Zero(6);
         fit(n, HalfSquaredError{}, Sgd{}, Samples(X, Z, weights));
       }},
      {"network: it has 13 parameters, the vector set holds 12",
       [] {
         Sized n = net();
         n.parameters() = Eigen::VectorXd::Ones(12);
         (void)n(X);
       }},
      {"network: it has 13 parameters, the vector set holds 14",
       [] {
         Sized n = net();
         n.parameters() = Eigen::VectorXd::Ones(14);
         fit(n, HalfSquaredError{}, Sgd{}, Samples(X, Z));
       }},
      {"network: it has 13 parameters, the vector set holds 3",
       [] {
         Sized n = net();
         Random random(1);
         n.parameters().resize(3);
         n.initialize(Glorot{}, random);
       }},
      {"network: it has 22 parameters, the vector set holds 3",
       [] {
         Loop n = loop();
         State state(n);
         n.parameters().resize(3);
         step(n, X.leftCols(1), state);
       }},
      {"view: it is 3 x 2, what is assigned 2 x 3",
       [] { net().weights<1>() = Matrix_::Zero(2, 3); }},
      {"state: it has been moved from",
       [] {
         State state(loop());
         const State taken = std::move(state);
         step(loop(), X.leftCols(1), state);
       }},
      {"state: layer 1 remembers 1 step, got delay 5", [] { (void)State(loop()).output<1>(5); }},
      {"gradient: it has to become 13 x 1, its type has room for 9 x 1",
       [] {
         Workspace workspace(net(), 6);
         Eigen::Matrix<double, 9, 1> g;
         gradient(net(), HalfSquaredError{}, Samples(X, Z), workspace, g);
       }},
      {"network: layer 1 has more parameters than can be counted",
       [] { Sized(Index{1} << 32, Index{1} << 31, 1); }},
      {"fit: batch_size must be >= 1 or full_batch, got 0", [] { train(X, Z, {.batch_size = 0}); }},
      {"fit: batch_size must be >= 1 or full_batch, got -2",
       [] { train(X, Z, {.batch_size = -2}); }},
      {"fit: threads must be >= 0, got -1", [] { train(X, Z, {.threads = -1}); }},
      {"fit: epochs must be >= 0, got -1", [] { train(X, Z, {.epochs = -1}); }},
      {"fit: final_rate must lie between 0 and 1, got 2", [] { train(X, Z, {.final_rate = 2}); }},
      {"Adam: learning_rate must be finite and >= 0, got -0.1",
       [] {
         Sized n = net();
         fit(n, HalfSquaredError{}, Adam{.learning_rate = -0.1}, Samples(X, Z));
       }},
      {"Huber: threshold must be positive and finite, got 0",
       [] {
         Sized n = net();
         fit(n, Huber{.threshold = 0}, Sgd{}, Samples(X, Z));
       }},
      {"Uniform: needs finite low <= high, got 1 and 0",
       [] {
         Sized n = net();
         Random random(1);
         n.initialize(Uniform{1, 0}, random);
       }},
      {"one_hot: label 2 is 3, expected 0 to 2",
       [] {
         (void)one_hot<double>(std::vector<int>{0, 1, 3}, 3);
       }},
      {"one_hot: label 0 is -1, expected 0 to 2",
       [] { (void)one_hot<double>(std::vector<int>{-1}, 3); }},
      {"one_hot: needs at least one class, got 0",
       [] { (void)one_hot<double>(std::vector<int>{}, 0); }},
      {"accuracy: no samples", [] { (void)accuracy(Matrix_(2, 0), Matrix_(2, 0)); }},
      {"accuracy: outputs are 1 x 3, targets 1 x 4",
       [] { (void)accuracy(Matrix_(1, 3), Matrix_(1, 4)); }},
      {"outputs hold a number that is not finite at row 1, column 0",
       [] { (void)accuracy(with(Matrix_::Ones(2, 3), 1, 0, not_a_number), Matrix_::Ones(2, 3)); }},
      {"outputs hold a number that is not finite at row 0, column 5",
       [] { (void)accuracy(with(Z, 0, 5, not_a_number), Z); }},
      {"confusion_matrix: outputs are 2 x 3, targets 2 x 4",
       [] { (void)confusion_matrix(Matrix_(2, 3), Matrix_(2, 4)); }},
      {"targets: 2 at row 0, column 1, expected 0 (no) to 1 (yes)",
       [] { (void)accuracy(Eigen::RowVector2d(2, 1), Eigen::RowVector2d(1, 2)); }},
      {"targets: -1 at row 0, column 0, expected 0 (no) to 1 (yes)",
       [] { (void)confusion_matrix(Eigen::RowVector2d(0.1, 0.9), Eigen::RowVector2d(-1, 1)); }},
      {"targets: 7 at row 1, column 0, expected a row for each class (one_hot makes them of "
       "labels)",
       [] { (void)accuracy(Eigen::Vector2d(1, 0), Eigen::Vector2d(0, 7)); }},
      {"targets: column 1 names no class: its largest number, 0, is there 3 times",
       [] {
         Matrix_ z = Matrix_::Identity(3, 3);
         z.col(1).setZero();
         (void)accuracy(Matrix_::Identity(3, 3), z);
       }},
      {"targets: column 0 names no class: its largest number, 1, is there 2 times",
       [] { (void)confusion_matrix(Eigen::Vector3d(1, 0, 0), Eigen::Vector3d(1, 1, 0)); }},
      {"optimizer: there are no parameters", [] { (void)start<double>(Sgd{}, 0); }},

      {"ClipNorm: largest_norm must be positive and finite, got 0",
       [] {
         (void)start<double>(ClipNorm{Sgd{}, 0}, 2);
       }},
      {"ClipValue: largest_value must be positive and finite, got -1",
       [] {
         (void)start<double>(ClipValue{Sgd{}, -1}, 2);
       }},
      {"input has no columns", [] { (void)net()(Matrix_(2, 0)); }},
      {"input has no columns",
       [] {
         Workspace workspace(net(), 1);
         run(net(), Matrix_(2, 0), workspace);
       }},

      // Options that would do nothing
      {"fit: truncation is for networks with delayed connections, this one has none: expected 0, "
       "got 3",
       [] { train(X, Z, {.truncation = 3}); }},
      {"fit: truncation is for networks with delayed connections, this one has none: expected 0, "
       "got 2",
       [] {
         Sized n = net();
         Training(n, HalfSquaredError{}, Sgd{}, Sequences(X, Z, 3),
                  {.batch_size = 1, .shuffle = false, .truncation = 2, .stateful = true});
       }},
      {"fit: stateful training is for networks with delayed connections, this one has none",
       [] { train(X, Z, {.batch_size = 1, .shuffle = false, .stateful = true}); }},
      {"fit: stateful training is for networks with delayed connections, this one has none",
       [] {
         Sized n = net();
         fit(n, HalfSquaredError{}, Sgd{}, Windows(X, Z, {.length = 2, .stride = 2}),
             {.batch_size = 1, .shuffle = false, .stateful = true});
       }},
      {samples_for_recurrent,
       [] { train_loop(Samples(X, Z), {.batch_size = 1, .shuffle = false, .stateful = true}); }},
      {"fit: final_rate is for optimizers with a learning_rate that each step uses, expected 1, "
       "got 0.5",
       [] { train_by(Rprop{}, {.epochs = 2, .final_rate = 0.5}); }},
      {"fit: final_rate is for optimizers with a learning_rate that each step uses, expected 1, "
       "got 0",
       [] {
         train_by(ClipNorm{Rprop{}, 1.0}, {.epochs = 2, .final_rate = 0});
       }},
      {"fit: final_rate is for optimizers with a learning_rate that each step uses, expected 1, "
       "got 0.5",
       [] { train_by(Unrated{}, {.epochs = 2, .final_rate = 0.5}); }},
      {"training: its type is for one sample at a time, batch_size is 32",
       [] {
         Sized n = net();
         Training<Sized, HalfSquaredError, Sgd, Samples<double>, 1>(n, {}, {}, Samples(X, Z));
       }},

      // What could be computed, but teaches nothing
      {"network: all parameters are 0, so hidden units would stay equal: call initialize first",
       [] { train(X, Z); }},
      {"network: all parameters are 0, so hidden units would stay equal: call initialize first",
       [] { train_loop(Sequences(X, Z, 3), {.batch_size = 1, .truncation = 2}); }},
      {"network: all parameters are 0.5, so hidden units would stay equal: call initialize first",
       [] {
         Sized n = net();
         n.parameters().setConstant(0.5);
         fit(n, HalfSquaredError{}, Sgd{}, Samples(X, Z));
       }},
      {"windows: these windows are a temporary that dies before one of them is used; give them a "
       "name",
       [] { Windows(X, Z, {.length = 3, .warm_up = 1})[0]; }},
      {"data: weight 2 is -0.5, expected >= 0",
       [] {
         Sized n = net();
         const Eigen::VectorXd weights = with(Matrix_::Ones(6, 1), 2, 0, -0.5);
         fit(n, HalfSquaredError{}, Sgd{}, Samples(X, Z, weights));
       }},
      {"data: the target at row 0, column 4 is -2, Poisson needs >= 0",
       [] {
         Sized n = net();
         const Matrix_ z = with(Matrix_::Zero(1, 6), 0, 4, -2);
         fit(n, Poisson{}, Sgd{}, Samples(X, z));
       }},
      {"data: the target at row 0, column 3 is -1, BinaryCrossEntropy needs 0 to 1",
       [] { learn_yes(with(Matrix_::Ones(1, 6), 0, 3, -1)); }},
      {"data: the target at row 0, column 5 is 9, BinaryCrossEntropy needs 0 to 1",
       [] { learn_yes(with(Matrix_::Zero(1, 6), 0, 5, 9)); }},
      {"data: the target at row 0, column 5 is 9, BinaryCrossEntropy needs 0 to 1",
       [] {
         Yes n;
         const Matrix_ z = with(Matrix_::Zero(1, 6), 0, 5, 9);
         fit(n, BinaryCrossEntropy{}, Sgd{}, Windows(X, z, {.length = 2, .horizon = 1}));
       }},
      {"data: the target at row 0, column 0 is 9, BinaryCrossEntropy needs 0 to 1",
       [] {
         Yes n;
         const Matrix_ z = with(Matrix_::Zero(1, 6), 0, 5, 9);
         fit(n, BinaryCrossEntropy{}, Sgd{}, Columns{X, z});
       }},
      {"data: the target at row 0, column 5 is 9, BinaryCrossEntropy needs 0 to 1",
       [] {
         Yes n;
         const Matrix_ z = with(Matrix_::Zero(1, 6), 0, 5, 9);
         const Sequences data(X, z, 1);
         Training<Yes, BinaryCrossEntropy, Sgd, Sequences<double>>(n, {}, {}, data, {});
       }},
      {"data: the target at row 1, column 2 is -0.2, CategoricalCrossEntropy needs 0 to 1",
       [] { learn_classes(with(Matrix_::Constant(2, 6, 0.5), 1, 2, -0.2)); }},
      {"data: the targets in column 4 sum to 0, CategoricalCrossEntropy needs a distribution over "
       "the classes",
       [] {
         Matrix_ z = Matrix_::Constant(2, 6, 0.5);
         z.col(4).setZero();
         learn_classes(z);
       }},
      {"CategoricalCrossEntropy: needs an output for each class, got 1; for yes or no take "
       "BinaryCrossEntropy on one Sigmoid unit",
       [] { learn_classes(Matrix_::Constant(1, 6, 2)); }},
      {"layer: its activation needs at least 2 units, got 1: a Softmax of one unit is always 1",
       [] { Mlp<double, Input<Dynamic>, Dense<Dynamic, Softmax>>(2, 1); }},
      {samples_for_recurrent, [] { train_loop(Samples(X, Z)); }},
      {samples_for_recurrent,
       [] {
         Loop n = loop();
         fit(n, HalfSquaredError{}, Sgd{}, Samples(X, Z), {.batch_size = 1});
       }},
      {samples_for_recurrent,
       [] {
         Loop n = loop();
         const Sequences<double> data = Samples(X, Z);
         Training<Loop, HalfSquaredError, Sgd, Sequences<double>>(n, {}, {}, data, {});
       }},
      {samples_for_recurrent,
       [] {
         Workspace workspace(loop(), 6);
         loss_of(loop(), HalfSquaredError{}, Samples(X, Z), workspace);
       }},
      {samples_for_recurrent,
       [] {
         Workspace workspace(loop(), 6);
         Eigen::VectorXd g;
         gradient(loop(), HalfSquaredError{}, Samples(X, Z), workspace, g);
       }},
      {samples_for_recurrent,
       [] {
         Workspace workspace(loop(), 6);
         Eigen::VectorXd g;
         Matrix_ d_inputs;
         gradient_with_inputs(loop(), HalfSquaredError{}, Samples(X, Z), workspace, g, d_inputs);
       }},
      {samples_for_recurrent,
       [] { (void)check_gradient(loop(), HalfSquaredError{}, Samples(X, Z)); }},

      // Sequences and windows
      {"data: 6 columns of inputs are no whole number of sequences of 4 steps",
       [] { train_loop(Sequences(X, Z, 4)); }},
      {"data: a sequence needs at least one step, got 0", [] { train_loop(Sequences(X, Z, 0)); }},
      {"data: length of sequence 1 is 4, expected 0 to 3",
       [] {
         with_lengths({3, 4});
       }},
      {"data: length of sequence 1 is -2, expected 0 to 3",
       [] {
         with_lengths({1, -2});
       }},
      {"data: expected 2 columns of targets for 6 columns of inputs, got 6",
       [] {
         Sequences<double> data(X, Z, 3);
         data.targets_at = TargetsAt::LastStep;
         train_loop(data);
       }},
      {"fit: truncation must be >= 0, got -1",
       [] { train_loop(Sequences(X, Z, 3), {.truncation = -1}); }},
      {"fit: truncation needs targets at every step",
       [] {
         const Matrix_ last = Z.leftCols(2);
         Sequences<double> data(X, last, 3);
         data.targets_at = TargetsAt::LastStep;
         train_loop(data, {.truncation = 2});
       }},
      {"fit: stateful training needs shuffle = false and batch_size = 1",
       [] { train_loop(Sequences(X, Z, 3), {.stateful = true}); }},
      {"input has 6 columns, no whole number of sequences of 4 steps",
       [] {
         Workspace workspace(loop(), 1, 4);
         run(loop(), X, 4, workspace);
       }},
      {"state: it is for a batch of 3, the data have 2",
       [] {
         Workspace workspace(loop(), 2, 3);
         State state(loop(), 3);
         run(loop(), X, 3, workspace, &state);
       }},
      {"state: it is for a batch of 1, the data have 2",
       [] {
         Workspace workspace(loop(), 2, 3);
         State final(loop(), 1);
         run(loop(), X, 3, workspace, nullptr, &final);
       }},
      {"state: its layer 1 has 3 units, the network's 5",
       [] {
         Workspace workspace(Loop(2, 5, 1), 2, 3);
         State state(loop(), 2);
         run(Loop(2, 5, 1), X, 3, workspace, &state);
       }},
      {"state: its layer 1 has 3 units, the network's 5",
       [] {
         State state(loop(), 1);
         step(Loop(2, 5, 1), X.leftCols(1), state);
       }},
      {"workspace: the batch needs at least one sample, got 0", [] { State(loop(), 1).resize(0); }},
      {"free_run: outputs are the next inputs, but there are 1 outputs and 2 inputs",
       [] {
         State state(loop(), 1);
         Matrix_ outputs(1, 4);
         free_run(loop(), X.leftCols(1), state, outputs);
       }},
      {"input has 2 columns, the state a batch of 3",
       [] {
         State state(loop(), 3);
         step(loop(), X.leftCols(2), state);
       }},
      {"input has 1 rows, the input layer 2 units",
       [] {
         State state(loop(), 1);
         step(loop(), Matrix_::Ones(1, 1).eval(), state);
       }},
      {"windows: a window of 7 steps and a horizon of 0 reach past the end of 6 steps",
       [] { Windows(X, Z, {.length = 7}); }},
      {"windows: a window of 5 steps and a horizon of 2 reach past the end of 6 steps",
       [] { Windows(X, Z, {.length = 5, .horizon = 2}); }},
      {"windows: length must be >= 1, got 0", [] { Windows(X, Z, {.length = 0}); }},
      {"windows: stride must be >= 1, got 0", [] { Windows(X, Z, {.length = 2, .stride = 0}); }},
      {"windows: horizon must be >= 0, got -1",
       [] { Windows(X, Z, {.length = 2, .horizon = -1}); }},
      {"windows: warm_up must lie between 0 and the length 2, got 2",
       [] { Windows(X, Z, {.length = 2, .warm_up = 2}); }},
      {"windows: the inputs have 6 steps, the targets 5",
       [] { Windows(X, Z.leftCols(5), {.length = 2}); }},
      {"windows: no window 5 of 5", [] { Windows(X, Z, {.length = 2})[5]; }},
      {"windows: a window of 4 steps and a horizon of 0 reach past the end of 2 steps",
       [] { (void)Windows(X, Z, {.length = 4}).split(0.7); }},
      {"fit: stateful training needs windows that follow one another, of stride 2, got 1",
       [] {
         Loop n = loop();
         fit(n, HalfSquaredError{}, Sgd{}, Windows(X, Z, {.length = 2}),
             {.batch_size = 1, .shuffle = false, .stateful = true});
       }},
      {"windows: the fraction of a split lies between 0 and 1, got 1",
       [] { (void)Windows(X, Z, {.length = 2}).split(1); }},
      {"data: inputs hold a number that is not finite at row 0, column 3",
       [] {
         Loop n = loop();
         const Matrix_ series = with(X, 0, 3, not_a_number);
         fit(n, HalfSquaredError{}, Sgd{}, Windows(series, Z, {.length = 2}));
       }},
  };
  CHECK(table.size() >= 45);
  for (const Misuse& misuse : table) CHECK(said(misuse.wrong) == misuse.message);
}

TEST_CASE("what can be meant is allowed by its name") {
  Loop n = loop();
  Random random(1);
  n.initialize(Glorot{}, random);
  CHECK(fit(n, HalfSquaredError{}, Sgd{}, Sequences(X, Z, 1)).losses.size() == 1);
  CHECK(check_gradient(n, HalfSquaredError{}, Sequences(X, Z, 1)).largest_difference < 1e-7);

  Sized narrow(2, 1, 1);
  narrow.parameters().setConstant(0.5);  // one unit is equal to no other
  CHECK(fit(narrow, HalfSquaredError{}, Sgd{}, Samples(X, Z)).losses.size() == 1);

  Mlp<double, Input<2>, Dense<1, Sigmoid>> neuron;  // from w = 0: nothing is hidden
  const Matrix_ z = (Z.array() > 0).cast<double>();
  CHECK(fit(neuron, BinaryCrossEntropy{}, Sgd{}, Samples(X, z)).losses.size() == 1);
  // A column of weight 0 has no target, whatever its numbers.
  const Matrix_ odd = with(z, 0, 2, -1);
  const std::vector<double> weights = {1, 1, 0, 1, 1, 0.5};
  CHECK(fit(neuron, BinaryCrossEntropy{}, Sgd{}, Samples(X, odd, weights)).losses.size() == 1);

  Classes classes(2, 3);
  const Matrix_ thirds = Matrix_::Constant(3, 6, 0.33);
  CHECK(fit(classes, CategoricalCrossEntropy{}, Sgd{}, Samples(X, thirds)).losses.size() == 1);
}

TEST_CASE("options that change nothing by their values are allowed") {
  Sized n = net();
  Random random(1);
  n.initialize(Glorot{}, random);
  CHECK(fit(n, HalfSquaredError{}, Unrated{}, Samples(X, Z), {.epochs = 2}).losses.size() == 2);
  CHECK(fit(n, HalfSquaredError{}, Rprop{}, Samples(X, Z), {.final_rate = 1}).losses.size() == 1);
  CHECK(fit(n, HalfSquaredError{}, Sgd{}, Samples(X, Z), {.threads = 1}).losses.size() == 1);
}

#if !defined(_OPENMP)
TEST_CASE("more threads than one are refused without OpenMP") {
  CHECK(said([] { train(X, Z, {.threads = 4}); }) ==
        "fit: threads above 1 need OpenMP (compile with -fopenmp), expected 0 or 1, got 4");
}
#endif

TEST_CASE("a workspace serves a network of other sizes too") {
  Loop large(2, 30, 1);
  large.parameters().setLinSpaced(-0.5, 0.4);
  Workspace workspace(loop(), 2, 3), own(large, 2, 3);
  const Matrix_ Y = run(large, X, 3, workspace);
  CHECK(Y == run(large, X, 3, own));
}
