// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <type_traits>
#include <vector>

#include "backfold/core/file_writer.hpp"
#include "backfold/io/block_array.hpp"
#include "backfold/io/header_constants.hpp"
#include "backfold/io/header_functions.hpp"
#include "backfold/io/header_layers.hpp"
#include "backfold/io/header_options.hpp"
#include "backfold/io/library_types.hpp"
#include "backfold/io/quantisation_comment.hpp"
#include "backfold/io/quantisation_error.hpp"
#include "backfold/version.hpp"

/// Not in backfold.hpp: it needs files.

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// The text of a C++ header for a network whose layers, options and parameters are checked.
template <Real S>
class HeaderText {
 public:
  HeaderText(const std::vector<LayerDescription>& layers, const std::vector<Block>& blocks,
             const S* w, const HeaderOptions& options, const Vector<double>& error)
      : layers_(layers), blocks_(blocks), w_(w), options_(options), error_(error) {}

  std::string write() {
    write_step();
    const std::string state = members_of_state();
    return beginning(!state.empty()) + constants_.text() + "\n}  // namespace detail\n" +
           entries(state) + "\n}  // namespace " + options_.name + "\n";
  }

  [[nodiscard]] Index bytes() const { return constants_.bytes(); }

 private:
  static std::string number(S value) { return HeaderConstants<S>::number(value); }
  std::string array(const std::string& name, const std::vector<S>& numbers) {
    return constants_.array(name, numbers);
  }

  [[nodiscard]] std::string beginning(bool is_recurrent) const {
    const bool single = sizeof(S) == 4;
    std::string text = "// Written by Backfold " + std::to_string(BACKFOLD_VERSION_MAJOR) + "." +
                       std::to_string(BACKFOLD_VERSION_MINOR) + "." +
                       std::to_string(BACKFOLD_VERSION_PATCH) +
                       ": a network as C++17 that needs nothing but the language.\n//\n";
    for (const LayerDescription& l : layers_) {
      text += "//   " + std::to_string(l.layer) + "  " + l.type + " " + l.activation +
              describe_settings(l.settings) + ", " + std::to_string(l.units) + " units\n";
    }
    text += quantisation_comment(options_, error_, is_recurrent) + "//\n// Its " +
            std::to_string(constants_.count()) + " constants take " + std::to_string(bytes()) +
            " bytes.\n#pragma once\n\nnamespace " + options_.name +
            " {\n\nusing Scalar = " + (single ? "float" : "double") +
            ";\n\nnamespace detail {\n\ninline constexpr Scalar largest_exponent = " +
            (single ? "87" : "708") +
            ";\ninline constexpr int log_terms = " + (single ? "8" : "17") +
            ", series_terms = " + (single ? "8" : "14") + ";\ninline constexpr Scalar series[] = {";
    double factorial = 1;
    for (int i = 1; i <= (single ? 8 : 14); ++i) {
      factorial *= i;
      text += (i > 1 ? ", " : "") + number(static_cast<S>(1 / factorial));
    }
    return text + "};\n" + header_functions;
  }

  /// Past outputs and memories, with the numbers that they have before the first step.
  std::string members_of_state() {
    std::string text;
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      const std::string units = std::to_string(layers_[l].units);
      const std::vector<S> start = learnt_start(blocks_, w_, static_cast<int>(l));
      const auto past = start.begin() + (start.empty() ? 0 : history_[l] * layers_[l].units);
      const auto member = [&](const char* name, const std::string& size, auto first, auto last) {
        text += "  Scalar " + (name + std::to_string(l)) + "[" + size + "] = {" +
                constants_.list(std::vector<S>(first, last)) + "};\n";
      };
      if (history_[l] > 0) {
        member("past", std::to_string(history_[l]) + " * " + units, start.begin(), past);
      }
      if (has_header_memory(layers_[l])) member("memory", units, past, start.end());
    }
    return text;
  }

  /// predict, or step with its state.
  [[nodiscard]] std::string entries(const std::string& state) const {
    const bool is_recurrent = !state.empty();
    std::string text = "\ninline constexpr int inputs = " + std::to_string(layers_.front().units) +
                       ", outputs = " + std::to_string(layers_.back().units) + ";\n";
    if (is_recurrent) {
      text +=
          "\n// Outputs and memories of earlier steps. A new one is the state before the first "
          "step.\n"
          "struct State {\n" +
          state + "};\n";
    }
    return text + "\n// " +
           (is_recurrent ? "One step: inputs numbers in, outputs numbers out."
                         : "Inputs numbers in, outputs numbers out.") +
           "\nconstexpr void " +
           (is_recurrent ? "step(const Scalar* input, State& state, Scalar* output) {\n"
                         : "predict(const Scalar* input, Scalar* output) {\n") +
           body_ + "}\n";
  }

  void line(const std::string& text) { body_ += "  " + text + "\n"; }

  void write_step() {
    write_scaling("input", options_.input_scaling);
    for (std::size_t l = 1; l < layers_.size(); ++l) write_layer(l);
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      if (history_[l] == 0) continue;
      const std::string n = std::to_string(l);
      line("detail::remember(" + output_of(static_cast<int>(l)) + ", state.past" + n + ", " +
           std::to_string(history_[l]) + ", " + std::to_string(layers_[l].units) + ");");
    }
    const std::string last = output_of(static_cast<int>(layers_.size()) - 1);
    if (options_.target_scaling.size() == 0) {
      line("detail::copy(" + last + ", output, outputs);");
    } else {
      write_scaling(last, options_.target_scaling);
    }
  }

  /// Scales the inputs, or inverts the scaling of the outputs.
  void write_scaling(const std::string& from, const Scaling& scaling) {
    if (scaling.size() == 0) return;
    const bool of_inputs = from == "input";
    const auto numbers = [](const Vector<double>& v) {
      std::vector<S> result;
      for (const double x : v) result.push_back(static_cast<S>(x));
      return result;
    };
    const std::string name = of_inputs ? "input" : "target";
    const std::string center = array(name + "_center", numbers(scaling.center()));
    const std::string width = array(name + "_width", numbers(scaling.width()));
    const std::string base = number(static_cast<S>(scaling.base()));
    if (of_inputs) {
      line("Scalar x0[inputs] = {};");
      line("for (int i = 0; i < inputs; ++i) x0[i] = (input[i] - " + center + "[i]) / " + width +
           "[i] + " + base + ";");
    } else {
      line("for (int i = 0; i < outputs; ++i) output[i] = (" + from + "[i] - " + base + ") * " +
           width + "[i] + " + center + "[i];");
    }
  }

  /// Name of the variable with a layer's output of this step, or of some steps ago.
  [[nodiscard]] std::string output_of(int layer, int delay = 0) const {
    const std::string n = std::to_string(layer);
    if (delay > 0) {
      const Index units = layers_[static_cast<std::size_t>(layer)].units;
      return "state.past" + n + " + " + std::to_string((delay - 1) * units);
    }
    return layer == 0 && options_.input_scaling.size() == 0 ? "input" : "x" + n;
  }

  void write_layer(std::size_t l) {
    const LayerDescription& layer = layers_[l];
    const bool is_gru = is_type(layer, "Gru");
    const std::string n = std::to_string(l);
    const std::string rows = std::to_string(header_gates(layer) * layer.units);
    line("// Layer " + n + ": " + layer.type + " " + layer.activation);
    line("Scalar x" + n + "[" + std::to_string(layer.units) + "] = {}, net" + n + "[" + rows +
         "] = {};");
    if (is_gru) line("Scalar hidden" + n + "[" + rows + "] = {};");
    write_bias(layer, is_gru);
    for (std::size_t c = 0; c < layer.connections.size(); ++c) {
      const bool to_hidden = is_gru && c == 1;
      write_connection(layer, layer.connections[c], (to_hidden ? "hidden" : "net") + n, rows);
    }
    write_function(layer);
  }

  void write_bias(const LayerDescription& layer, bool is_gru) {
    for (const Block& block : blocks_) {
      if (block.layer != layer.layer || block.kind != Block::Kind::Bias) continue;
      const S* const b = w_ + block.offset;
      std::vector<S> first(b, b + block.rows);
      const std::string n = std::to_string(layer.layer), rows = std::to_string(block.rows);
      if (block.columns == 2 && !is_gru) {
        for (Index i = 0; i < block.rows; ++i) {
          first[static_cast<std::size_t>(i)] += b[block.rows + i];
        }
      }
      line("detail::copy(" + array("bias" + n, first) + ", net" + n + ", " + rows + ");");
      if (block.columns == 2 && is_gru) {
        const std::vector<S> second(b + block.rows, b + 2 * block.rows);
        line("detail::copy(" + array("hidden_bias" + n, second) + ", hidden" + n + ", " + rows +
             ");");
      }
    }
  }

  void write_connection(const LayerDescription& layer, const Connection& c, const std::string& net,
                        const std::string& rows) {
    const std::string x = output_of(c.source, c.delay), units = std::to_string(layer.units);
    if (c.weights == Weights::Identity) {
      return line("detail::add_sum(" + x + ", " + net + ", " + rows + ", " + units + ");");
    }
    for (const Block& block : blocks_) {
      if (block.layer != layer.layer || block.kind != Block::Kind::Weights ||
          !(block.connection == c)) {
        continue;
      }
      const bool diagonal = c.weights == Weights::Diagonal;
      line(std::string("detail::add_") +
           (diagonal                       ? "diagonal"
            : c.weights == Weights::Lookup ? "column"
                                           : "product") +
           "(" + weights(block) + ", " + x + ", " + net + ", " + rows + ", " +
           (diagonal ? units : std::to_string(block.columns)) + ");");
    }
  }

  /// Adds a block's weights as constants and returns their name, and that of their scales.
  std::string weights(const Block& block) {
    std::string name = array_name(block);
    name.replace(name.find('.'), 1, "_");
    if (has_integers<S>(block, options_.weights)) {
      return constants_.arrays(name, integer_weights(block, w_, options_.weights),
                               integer_format(options_.weights));
    }
    std::vector<S> numbers(static_cast<std::size_t>(block.size()));
    copy_block(block, true, w_, numbers.data());
    return array(name, numbers);
  }

  void write_function(const LayerDescription& layer) {
    const std::string n = std::to_string(layer.layer), units = std::to_string(layer.units);
    const std::string x = "x" + n, net = "net" + n, memory = "state.memory" + n;
    if (is_type(layer, "Dense")) return write_activation(layer, x, net, units);
    if (is_type(layer, "Dropout")) {
      return line("detail::copy(" + net + ", " + x + ", " + units + ");");
    }
    if (is_type(layer, "Lstm") || is_type(layer, "MinGru")) {
      return line((is_type(layer, "Lstm") ? "detail::lstm(" : "detail::min_gru(") + net + ", " +
                  memory + ", " + x + ", " + units + ");");
    }
    if (is_type(layer, "Gru")) {
      return line("detail::gru(" + net + ", hidden" + n + ", " + output_of(layer.layer, 1) + ", " +
                  x + ", " + units + ");");
    }
    for (const Block& block : blocks_) {
      if (block.layer != layer.layer || block.kind != Block::Kind::Own) continue;
      const std::vector<S> own(w_ + block.offset, w_ + block.offset + block.size());
      line("detail::layer_norm(" + net + ", " + array("own" + n, own) + ", " +
           number(static_cast<S>(layer.settings[0].value)) + ", " + x + ", " + units + ");");
    }
  }

  void write_activation(const LayerDescription& layer, const std::string& x, const std::string& net,
                        const std::string& units) {
    const std::string name = layer.activation, v = net + "[i]";
    const std::string a =
        layer.settings.empty() ? "" : number(static_cast<S>(layer.settings[0].value)) + " * ";
    const struct {
      const char* name;
      std::string text;
    } known[] = {{"Linear", v},
                 {"Softmax", v},
                 {"Sigmoid", "detail::sigmoid(" + a + v + ")"},
                 {"Tanh", "detail::tanh(" + a + v + ")"},
                 {"Relu", v + " < 0 ? 0 : " + v},
                 {"LeakyRelu", v + " > 0 ? " + v + " : " + a + v},
                 {"Elu", v + " > 0 ? " + v + " : " + a + "detail::expm1(" + v + ")"},
                 {"Gelu", v + " * detail::normal_cdf(" + v + ")"},
                 {"Silu", v + " * detail::sigmoid(" + v + ")"},
                 {"Softplus", "detail::softplus(" + v + ")"}};
    for (const auto& activation : known) {
      if (name != activation.name) continue;
      line("for (int i = 0; i < " + units + "; ++i) " + x + "[i] = " + activation.text + ";");
      if (name == "Softmax") line("detail::softmax(" + x + ", " + units + ");");
      return;
    }
  }

  const std::vector<LayerDescription>& layers_;
  const std::vector<Block>& blocks_;
  const S* w_;
  const HeaderOptions& options_;
  const Vector<double>& error_;
  std::vector<int> history_ = longest_delays(layers_);
  HeaderConstants<S> constants_;
  std::string body_;
};

}  // namespace detail

/// Writes a network as a self-contained C++17 header: no library, no heap, no exceptions. Weights
/// are constants, functions constexpr, so that they may be in read-only memory.
///
///     bf::write_header("model.hpp", net, {.name = "model"});
///
/// The header has `model::predict(input, output)`, or for a recurrent network `model::State` and
/// `model::step(input, state, output)`, on arrays of `model::Scalar`, the network's scalar. Outputs
/// equal the network's up to rounding. With scalings, inputs and outputs are in the user's units;
/// the scalings are computed in the network's scalar.
///
/// With integer weights (`HeaderOptions::weights`), outputs equal those of `quantised(net,
/// format)`.
///
/// @return the size of all constants in bytes
/// @throws std::invalid_argument for a name that is no identifier, a layer or an activation of a
/// type that is not the library's, even if it is derived from one, parameters that are not finite,
/// scalings of another size, or as `quantisation_error` does; std::runtime_error naming the file
template <Real S, class... Layers>
Index write_header(const std::string& path, const Network<S, Layers...>& net,
                   const HeaderOptions& options = {}) {
  detail::check_header_options(options, net.inputs(), net.outputs());
  detail::check_library_types("header", net);
  detail::check_finite_parameters("header", net);
  const auto all_layers = layers(net);
  detail::check_gru_loops(all_layers);
  const auto all_blocks = blocks(net);
  const S* const w = net.parameters().data();
  Vector<double> error;
  if (options.weights != WeightFormat::Scalar && !options.input_bounds.empty()) {
    const auto rounded = quantised(net, options.weights);
    error = detail::bounded_error(all_layers, all_blocks, w, rounded.parameters().data(), options);
  }
  detail::HeaderText<S> text(all_layers, all_blocks, w, options, error);
  const std::string content = text.write();
  detail::FileWriter file(path);
  file.write(content);
  file.commit();
  return text.bytes();
}

BACKFOLD_END_NAMESPACE
