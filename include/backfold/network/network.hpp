// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include "backfold/core/random.hpp"
#include "backfold/core/size.hpp"
#include "backfold/core/sized_map.hpp"
#include "backfold/layer/initializer.hpp"
#include "backfold/layer/same_but_for_size.hpp"
#include "backfold/network/architecture.hpp"
#include "backfold/network/initialise.hpp"
#include "backfold/network/layer_names.hpp"

BACKFOLD_BEGIN_NAMESPACE

namespace detail {

/// Parameters of static size up to this many bytes are stored in the network object, more on the
/// heap, so that a network of any size can be a local variable.
inline constexpr Index largest_inline_parameters = 65536;

/// @throws std::invalid_argument if w has been resized or moved from
template <class Net>
BACKFOLD_ALWAYS_INLINE void check_parameters(const Net& net) {
  const Index expected = net.architecture().parameter_count();
  if (net.parameter_count() != expected) {
    fail_argument("network: it has ", expected, " parameters, the vector set holds ",
                  net.parameter_count());
  }
}

}  // namespace detail

/// An architecture and its parameters w, one contiguous vector with the blocks of all layers.
///
/// A network is a value: copies are independent. It is const while it runs, so threads can share
/// it. Use it through the aliases Mlp and Rnn.
template <Real S, class... Layers>
class Network {
 public:
  using Scalar = S;
  using ArchitectureType = Architecture<S, Layers...>;
  using Graph = typename ArchitectureType::Graph;
  static constexpr int layer_count = ArchitectureType::layer_count;
  static constexpr int output_layer = ArchitectureType::output_layer;
  static constexpr bool fixed = ArchitectureType::fixed;

  /// The length of w if it is a constant and w is in the object, else Dynamic.
  static constexpr Index inline_parameters =
      fixed && ArchitectureType::fixed_parameter_count * Index{sizeof(S)} <=
                   detail::largest_inline_parameters
          ? ArchitectureType::fixed_parameter_count
          : Dynamic;
  using Parameters = Vector<S, inline_parameters>;

  /// All sizes from the type; w = 0.
  Network() requires fixed { reset(); }

  /// One size for each layer, in order (static ones are compared with the type); w = 0.
  /// @throws std::invalid_argument for a size below 1 or different from the type's
  template <class... Sizes>
  requires(sizeof...(Sizes) > 0 &&
           (std::is_arithmetic_v<Sizes> && ...)) explicit Network(Sizes... sizes)
      : architecture_(from_sizes(sizes...)) {
    reset();
  }

  /// The layers themselves, for sizes or settings that are not in the type; w = 0.
  explicit Network(const Layers&... layers) : architecture_(layers...) { reset(); }

  /// Converts between static and Dynamic sizes, and between scalars.
  /// @throws std::invalid_argument if the numbers of units differ
  template <Real OtherS, class... OtherLayers>
  requires(sizeof...(OtherLayers) ==
           sizeof...(Layers)) explicit Network(const Network<OtherS, OtherLayers...>& other)
      : architecture_(converted(other.architecture(), std::index_sequence_for<Layers...>{})),
        parameters_(checked(other).parameters().template cast<S>()) {}

  [[nodiscard]] const ArchitectureType& architecture() const { return architecture_; }

  /// The flat w, to read and to set; its length must not change.
  Parameters& parameters() { return parameters_; }
  [[nodiscard]] const Parameters& parameters() const { return parameters_; }
  [[nodiscard]] Index parameter_count() const { return parameters_.size(); }
  [[nodiscard]] Index inputs() const { return architecture_.inputs(); }
  [[nodiscard]] Index outputs() const { return architecture_.outputs(); }

  /// A view of all weights into layer L, [W | U]: a column for each input in the order of the
  /// connections. Assigning a matrix of another size throws std::invalid_argument; so does each of
  /// these views if w itself has been resized.
  template <int L>
  auto weights() {
    return weights_view<L>(parameters_.data());
  }
  template <int L>
  [[nodiscard]] auto weights() const {
    return weights_view<L>(parameters_.data());
  }

  /// A view of the weights of connection C of layer L: units × fan-in (× 1 if it is diagonal).
  template <int L, int C>
  auto weights() {
    return weights_view<L, C>(parameters_.data());
  }
  template <int L, int C>
  [[nodiscard]] auto weights() const {
    return weights_view<L, C>(parameters_.data());
  }

  /// Views of the weights by the layer's name: net.weights<"encoder">(), net.weights<"encoder",
  /// 1>().
  template <LayerName Name, int... C>
  auto weights() {
    return weights<detail::index_of_name<Name, Layers...>(), C...>();
  }
  template <LayerName Name, int... C>
  [[nodiscard]] auto weights() const {
    return weights<detail::index_of_name<Name, Layers...>(), C...>();
  }

  /// A view of the bias of layer L: `units` numbers (for cells, all bias columns).
  template <int L>
  auto bias() {
    return bias_view<L>(parameters_.data());
  }
  template <int L>
  [[nodiscard]] auto bias() const {
    return bias_view<L>(parameters_.data());
  }
  template <LayerName Name>
  auto bias() {
    return bias<detail::index_of_name<Name, Layers...>()>();
  }
  template <LayerName Name>
  [[nodiscard]] auto bias() const {
    return bias<detail::index_of_name<Name, Layers...>()>();
  }

  /// A view of layer L's own parameters other than its bias, such as a LayerNorm's [gain | shift]:
  /// units × columns.
  template <int L>
  auto own() {
    return own_view<L>(parameters_.data());
  }
  template <int L>
  [[nodiscard]] auto own() const {
    return own_view<L>(parameters_.data());
  }
  template <LayerName Name>
  auto own() {
    return own<detail::index_of_name<Name, Layers...>()>();
  }
  template <LayerName Name>
  [[nodiscard]] auto own() const {
    return own<detail::index_of_name<Name, Layers...>()>();
  }

  /// A view of the state of layer L before the first step, as learnt (LearntStart): units ×
  /// columns, its outputs one step ago, two steps ago and so on, and its memory.
  template <int L>
  auto start() {
    return start_view<L>(parameters_.data());
  }
  template <int L>
  [[nodiscard]] auto start() const {
    return start_view<L>(parameters_.data());
  }
  template <LayerName Name>
  auto start() {
    return start<detail::index_of_name<Name, Layers...>()>();
  }
  template <LayerName Name>
  [[nodiscard]] auto start() const {
    return start<detail::index_of_name<Name, Layers...>()>();
  }

  /// y = f(w, X) for samples in columns, returned as a matrix: outputs × columns. With a vector of
  /// static size and a network of static sizes it needs no heap; to avoid allocations otherwise,
  /// use `run` with a workspace. (network/predict.hpp)
  template <class X>
  [[nodiscard]] auto operator()(const Eigen::DenseBase<X>& inputs) const;

  /// Draws all weights from an initializer, connection by connection; biases come from its
  /// `draw_bias`, or are 0 if it has none.
  /// @throws std::invalid_argument for settings of the initializer out of range
  template <class Init, BitGenerator64 Generator>
  void initialize(const Init& initializer, Generator& random) {
    static_assert(Initializer<Init>,
                  "backfold: not an initializer: it needs fill(random, w, units, fan_in)");
    for_each_index<layer_count - 1>([&](auto l) { initialize<l() + 1>(initializer, random); });
  }

  /// Initialises the weights and bias of layer L alone.
  template <int L, class Init, BitGenerator64 Generator>
  void initialize(const Init& initializer, Generator& random) {
    detail::check_parameters(*this);
    detail::initialise_layer<L>(architecture_, parameters_.data(), initializer, random);
  }

 private:
  void reset() {
    parameters_.resize(architecture_.parameter_count());
    for (Index i = 0; i < parameters_.size(); ++i) parameters_.data()[i] = S(0);
  }

  template <class... Sizes>
  static ArchitectureType from_sizes(Sizes... sizes) {
    static_assert(sizeof...(Sizes) == sizeof...(Layers),
                  "backfold: a network takes one size for each of its layers, the input included");
    static_assert((!detail::NoSize<Sizes> && ...),
                  "backfold: a layer's number of units is an integer, no double or bool");
    if constexpr (sizeof...(Sizes) == sizeof...(Layers) && (!detail::NoSize<Sizes> && ...)) {
      return ArchitectureType(Layers(detail::to_index("network", sizes))...);
    }
  }

  template <class Other, std::size_t... Indices>
  static ArchitectureType converted(const Other& other, std::index_sequence<Indices...>) {
    static_assert(
        (detail::same_but_for_size<Layers, typename Other::template LayerType<Indices>>() && ...),
        "backfold: networks convert into each other only if their layers differ in "
        "nothing but sizes");
    return ArchitectureType(Layers(other.template layer<Indices>())...);
  }

  template <class Other>
  static const Other& checked(const Other& other) {
    detail::check_parameters(other);
    return other;
  }

  /// Numbers of w; writable unless T is const.
  template <class Plain, Index Rows, Index Cols, class T>
  static auto view(T* numbers, Index rows, Index cols) {
    if constexpr (std::is_const_v<T>) {
      return Eigen::Map<const Plain>(numbers, rows, cols);
    } else {
      return detail::SizedMap<Plain, Rows, Cols>(numbers, rows, cols);
    }
  }

  /// Columns of the weights into layer L, of connection C or of all, if static.
  template <int L, int C>
  static constexpr Index fixed_columns() {
    using Type = typename ArchitectureType::template LayerType<L>;
    Index sum = 0;
    for (int c = 0; c < static_cast<int>(Type::connections.size()); ++c) {
      if (C >= 0 && c != C) continue;
      const Connection connection = Type::connections[static_cast<std::size_t>(c)];
      const auto source = static_cast<std::size_t>(connection.source_of(L));
      const Index columns = connection.fan_in(fixed_unit_counts[source]);
      if (columns == Dynamic) return Dynamic;
      sum += columns;
    }
    return sum;
  }

  template <int L, int C = -1, class T>
  [[nodiscard]] auto weights_view(T* w) const {
    detail::check_parameters(*this);
    constexpr bool all = C < 0;
    const Index rows = architecture_.template block_rows<L>();
    const Index offset = architecture_.template weights_offset < L, all ? 0 : C > ();
    const Index columns = [&] {
      if constexpr (all) {
        return (architecture_.template bias_offset<L>() - offset) / rows;
      } else {
        return architecture_.template fan_in<L, C>();
      }
    }();
    return view<Matrix<S>, ArchitectureType::template fixed_block_rows<L>, fixed_columns<L, C>()>(
        w + offset, rows, columns);
  }

  template <int L, class T>
  [[nodiscard]] auto bias_view(T* w) const {
    detail::check_parameters(*this);
    constexpr Index columns = ArchitectureType::template LayerType<L>::bias_columns;
    constexpr Index rows = ArchitectureType::template fixed_block_rows<L>;
    return view < Vector<S>, rows == Dynamic ? Dynamic : rows * columns,
           1 > (w + architecture_.template bias_offset<L>(),
                architecture_.template block_rows<L>() * columns, 1);
  }

  template <int L, class T>
  [[nodiscard]] auto own_view(T* w) const {
    detail::check_parameters(*this);
    constexpr int columns = detail::own_columns<typename ArchitectureType::template LayerType<L>>();
    static_assert(columns > 0, "backfold: this layer has no parameters besides weights and bias");
    return view<Matrix<S>, ArchitectureType::template fixed_block_rows<L>, columns>(
        w + architecture_.template own_offset<L>(), architecture_.template block_rows<L>(),
        columns);
  }

  template <int L, class T>
  [[nodiscard]] auto start_view(T* w) const {
    detail::check_parameters(*this);
    constexpr int columns = Graph::start_columns(L);
    static_assert(columns > 0, "backfold: this layer has no LearntStart");
    return view<Matrix<S>, ArchitectureType::template units_at_compile_time<L>, columns>(
        w + architecture_.template start_offset<L>(), architecture_.template units<L>(), columns);
  }

  static constexpr std::array<Index, sizeof...(Layers)> fixed_unit_counts{
      Layers::units_at_compile_time...};

  ArchitectureType architecture_;
  alignas(64) Parameters parameters_;
};

namespace detail {

/// The network of these layers, with the names of sources replaced by indices.
template <Real S, class... Layers>
struct NetworkOf {
  using Type = Network<S, Layers...>;
};
template <Real S, class... Layers>
requires uses_names<Layers...>
struct NetworkOf<S, Layers...> {
  static_assert(LayerNames<Layers...>::are_distinct,
                "backfold: two layers of this network have the same name");
  using Type = Network<S, typename NumberedLayer<Layers, Layers...>::Type...>;
};

template <class Net>
struct MlpOf;
template <Real S, class... Layers>
struct MlpOf<Network<S, Layers...>> {
  static_assert(!Topology<Layers...>::is_recurrent,
                "backfold: an Mlp has no delayed connections, and no cells with a memory; name it "
                "Rnn");
  using Type = Network<S, Layers...>;
};

}  // namespace detail

/// A multilayer perceptron: a network without delays or memories.
template <Real S, class... Layers>
using Mlp = typename detail::MlpOf<typename detail::NetworkOf<S, Layers...>::Type>::Type;

/// A network over sequences, which may have delayed connections and cells with a memory.
template <Real S, class... Layers>
using Rnn = typename detail::NetworkOf<S, Layers...>::Type;

BACKFOLD_END_NAMESPACE
