// SPDX-License-Identifier: MIT
// oneDNN's recurrent primitives and its product for the output layer, trained by SGD: what a
// framework on oneDNN could reach at best, with all memory and primitives made once.
#include <dnnl.hpp>

#include "task.hpp"

namespace {

using dnnl::memory;
using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Weights = Eigen::VectorXf;
constexpr auto training = dnnl::prop_kind::forward_training;
constexpr auto backward = dnnl::prop_kind::backward;
constexpr auto to_right = dnnl::rnn_direction::unidirectional_left2right;

/// Descriptors of input, weights, bias and output.
struct Shapes {
  memory::desc x, w, u, b, h;
};

struct Elman {
  using Forward = dnnl::vanilla_rnn_forward;
  using Backward = dnnl::vanilla_rnn_backward;
  static constexpr auto tanh = dnnl::algorithm::eltwise_tanh;
  static auto forward(const Shapes& s) {
    return Forward::desc(training, tanh, to_right, s.x, {}, s.w, s.u, s.b, s.h, {});
  }
  static auto back(const Shapes& s) {
    return Backward::desc(backward, tanh, to_right, s.x, {}, s.w, s.u, s.b, s.h, {}, s.x, {}, s.w,
                          s.u, s.b, s.h, {});
  }
};

struct Lstm {
  using Forward = dnnl::lstm_forward;
  using Backward = dnnl::lstm_backward;
  static auto forward(const Shapes& s) {
    return Forward::desc(training, to_right, s.x, {}, {}, s.w, s.u, s.b, s.h, {}, {});
  }
  static auto back(const Shapes& s) {
    return Backward::desc(backward, to_right, s.x, {}, {}, s.w, s.u, s.b, s.h, {}, {}, s.x, {}, {},
                          s.w, s.u, s.b, s.h, {}, {});
  }
};

/// With the reset gate after the product with U, as in Backfold.
struct Gru {
  using Forward = dnnl::lbr_gru_forward;
  using Backward = dnnl::lbr_gru_backward;
  static auto forward(const Shapes& s) {
    return Forward::desc(training, to_right, s.x, {}, s.w, s.u, s.b, s.h, {});
  }
  static auto back(const Shapes& s) {
    return Backward::desc(backward, to_right, s.x, {}, s.w, s.u, s.b, s.h, {}, s.x, {}, s.w, s.u,
                          s.b, s.h, {});
  }
};

template <class Cell>
class Model {
 public:
  explicit Model(const Task& t)
      : task_(t),
        inputs_(t.units[0]),
        units_(t.units[1]),
        outputs_(t.units[2]),
        columns_(t.steps * t.sequences()),
        x_(t.X.transpose().cast<float>()),
        z_(t.Z.transpose().cast<float>()) {
    const Weights all = t.weights.cast<float>();
    const float* w = all.data();
    const Eigen::Index gates = t.gates();
    auto take = [&](Eigen::Index count) {
      const Weights values = Eigen::Map<const Weights>(w, count);
      w += count;
      return values;
    };
    const bool is_gru = t.hidden == Hidden::Gru;
    w_ = make({1, 1, inputs_, gates, units_}, memory::format_tag::ldigo);
    u_ = make({1, 1, units_, gates, units_}, memory::format_tag::ldigo);
    b_ = make({1, 1, is_gru ? 4 : gates, units_}, memory::format_tag::ldgo);
    put(w_, in_order(take(gates * units_ * inputs_)));
    put(u_, in_order(take(gates * units_ * units_)));
    vector(b_).setZero();
    take((gates > 1 ? 2 : 1) * gates * units_);  // biases are 0
    v_ = Rows(Eigen::Map<const Rows>(take(units_ * outputs_).data(), units_, outputs_));
    c_ = Eigen::RowVectorXf::Zero(outputs_);
    prepare();
  }

  double epoch() {
    const backfold::FlushDenormals flush;
    to_packed(w_, forward_w_);
    to_packed(u_, forward_u_);
    run(forward_, {{DNNL_ARG_SRC_LAYER, input_},
                   {DNNL_ARG_WEIGHTS_LAYER, forward_w_},
                   {DNNL_ARG_WEIGHTS_ITER, forward_u_},
                   {DNNL_ARG_BIAS, b_},
                   {DNNL_ARG_DST_LAYER, h_},
                   {DNNL_ARG_WORKSPACE, workspace_}});
    const double error = train_output();
    for (memory* d : {&d_w_, &d_u_, &d_b_}) {
      std::fill_n(static_cast<char*>(d->get_data_handle()), d->get_desc().get_size(), char{0});
    }
    to_packed(w_, backward_w_);
    to_packed(u_, backward_u_);
    run(backward_, {{DNNL_ARG_SRC_LAYER, input_},
                    {DNNL_ARG_WEIGHTS_LAYER, backward_w_},
                    {DNNL_ARG_WEIGHTS_ITER, backward_u_},
                    {DNNL_ARG_BIAS, b_},
                    {DNNL_ARG_DST_LAYER, h_},
                    {DNNL_ARG_WORKSPACE, workspace_},
                    {DNNL_ARG_DIFF_DST_LAYER, d_h_},
                    {DNNL_ARG_DIFF_SRC_LAYER, d_x_},
                    {DNNL_ARG_DIFF_WEIGHTS_LAYER, d_w_},
                    {DNNL_ARG_DIFF_WEIGHTS_ITER, d_u_},
                    {DNNL_ARG_DIFF_BIAS, d_b_}});
    learn(w_, d_w_, g_w_, 1);
    learn(u_, d_u_, g_u_, 1);
    learn_bias();
    return error;
  }

 private:
  memory make(memory::dims sizes, memory::format_tag tag) const {
    return memory({sizes, memory::data_type::f32, tag}, engine_);
  }
  static float* numbers(const memory& m) { return static_cast<float*>(m.get_data_handle()); }
  static Eigen::Map<Weights> vector(const memory& m) {
    return {numbers(m), Eigen::Index(m.get_desc().get_size() / sizeof(float))};
  }
  void put(const memory& m, const Weights& values) { vector(m) = values; }

  /// Gates from r, z, n to oneDNN's order z, r, n.
  Weights in_order(Weights w) const {
    if (task_.hidden != Hidden::Gru) return w;
    for (Eigen::Index begin = 0; begin < w.size(); begin += 3 * units_) {
      const Weights r = w.segment(begin, units_);
      w.segment(begin, units_) = w.segment(begin + units_, units_);
      w.segment(begin + units_, units_) = r;
    }
    return w;
  }

  void prepare() {
    const auto any = memory::format_tag::any;
    const auto f32 = memory::data_type::f32;
    auto of_any = [&](const memory& m) { return memory::desc(m.get_desc().dims(), f32, any); };
    input_ = make({task_.steps, task_.sequences(), inputs_}, memory::format_tag::tnc);
    d_x_ = make({task_.steps, task_.sequences(), inputs_}, memory::format_tag::tnc);
    h_ = make({task_.steps, task_.sequences(), units_}, memory::format_tag::tnc);
    d_h_ = make({task_.steps, task_.sequences(), units_}, memory::format_tag::tnc);
    put(input_, Eigen::Map<const Weights>(x_.data(), x_.size()));
    const Shapes shapes{input_.get_desc(), of_any(w_), of_any(u_), b_.get_desc(), h_.get_desc()};
    const typename Cell::Forward::primitive_desc forward(Cell::forward(shapes), engine_);
    const typename Cell::Backward::primitive_desc back(Cell::back(shapes), engine_, forward);
    forward_ = typename Cell::Forward(forward);
    backward_ = typename Cell::Backward(back);
    forward_w_ = memory(forward.weights_layer_desc(), engine_);
    forward_u_ = memory(forward.weights_iter_desc(), engine_);
    backward_w_ = memory(back.weights_layer_desc(), engine_);
    backward_u_ = memory(back.weights_iter_desc(), engine_);
    workspace_ = memory(forward.workspace_desc(), engine_);
    d_w_ = memory(back.diff_weights_layer_desc(), engine_);
    d_u_ = memory(back.diff_weights_iter_desc(), engine_);
    d_b_ = memory(back.diff_bias_desc(), engine_);
    g_w_ = memory(w_.get_desc(), engine_);
    g_u_ = memory(u_.get_desc(), engine_);
    y_.resize(columns_, outputs_);
    d_v_.resize(units_, outputs_);
  }

  void run(dnnl::primitive& primitive, const std::unordered_map<int, memory>& arguments) {
    primitive.execute(stream_, arguments);
    stream_.wait();
  }
  void to_packed(memory& from, memory& to) { dnnl::reorder(from, to).execute(stream_, from, to); }

  /// Forward, error, backward and step of the linear output layer.
  double train_output() {
    const auto k = units_;
    const auto m = outputs_;
    dnnl_sgemm('N', 'N', columns_, m, k, 1, numbers(h_), k, v_.data(), m, 0, y_.data(), m);
    y_.rowwise() += c_;
    y_ -= z_;
    const double error = 0.5 * double(y_.squaredNorm()) / double(columns_);
    y_ *= 1 / float(columns_);
    dnnl_sgemm('N', 'T', columns_, k, m, 1, y_.data(), m, v_.data(), m, 0, numbers(d_h_), k);
    dnnl_sgemm('T', 'N', k, m, columns_, 1, numbers(h_), k, y_.data(), m, 0, d_v_.data(), m);
    v_ -= float(task_.learning_rate) * d_v_;
    c_ -= float(task_.learning_rate) * y_.colwise().sum();
    return error;
  }

  void learn(const memory& w, memory& d, memory& g, float biases) {
    dnnl::reorder(d, g).execute(stream_, d, g);
    vector(w) -= biases * float(task_.learning_rate) * vector(g);
  }
  /// Backfold's LSTM and GRU have two biases a gate, as cuDNN's, whose sum steps twice as far; only
  /// the candidate of a GRU keeps them apart, in both libraries.
  void learn_bias() {
    vector(b_) -= (task_.gates() > 1 ? 2 : 1) * float(task_.learning_rate) * vector(d_b_);
    if (task_.hidden == Hidden::Gru) {
      vector(b_).tail(2 * units_) += float(task_.learning_rate) * vector(d_b_).tail(2 * units_);
    }
  }

  Task task_;
  memory::dim inputs_, units_, outputs_, columns_;
  Rows x_, z_, y_, v_, d_v_;
  Eigen::RowVectorXf c_;
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  dnnl::primitive forward_, backward_;
  memory input_, d_x_, h_, d_h_, w_, u_, b_, d_w_, d_u_, d_b_, g_w_, g_u_;
  memory forward_w_, forward_u_, backward_w_, backward_u_, workspace_;
};

template <class Cell>
void add(const std::string& name) {
  register_training(name, "oneDNN", [](const Task& task) -> Epoch {
    const auto model = std::make_shared<Model<Cell>>(task);
    return [model] { return model->epoch(); };
  });
}

[[maybe_unused]] const bool registered = [] {
  add<Elman>("elman/32-128-32/steps:100/batch:32/sgd");
  add<Lstm>("lstm/32-128-32/steps:100/batch:32/sgd");
  add<Gru>("gru/32-128-32/steps:100/batch:32/sgd");
  return true;
}();

}  // namespace
