// SPDX-License-Identifier: MIT
#include "backfold/io/load_any.hpp"
#include "backfold/io/safetensors.hpp"
#include "fuzz.hpp"
#include "networks.hpp"

namespace bf = backfold;

namespace {

void read_arrays() {
  const bf::TensorFile file(fuzz_path());
  for (const bf::TensorInfo& t : file.tensors()) {
    accepts([&] { (void)file.read<double>(t.name); });
    accepts([&] { (void)file.read<float>(t.name, true); });
    accepts([&] { (void)file.read_integers(t.name); });
  }
}

template <class Net>
void load_into() {
  Net net = drawn<Net>();
  const Net before = net;
  if (accepts([&] { (void)bf::load(fuzz_path(), net, {.round = true}); })) {
    require(bf::all_finite(net.parameters().data(), net.parameter_count()), "w is finite");
  } else {
    require(net.parameters() == before.parameters(), "a network that refuses a file is unchanged");
  }
}

template <bf::Real S>
void load_any() {
  accepts([] {
    const bf::AnyNetwork<S> net = bf::load_any<S>(fuzz_path(), {.round = true});
    require(net.parameters().allFinite(), "w is finite");
    bf::AnyState<S> state = net.state(2);
    const bf::Matrix<S> x = bf::Matrix<S>::Zero(net.inputs(), 2);
    for (int step = 0; step < 3; ++step) {
      require(net.step(x, state).rows() == net.outputs(), "outputs have a row for each unit");
    }
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  write_file(fuzz_path(), text_of(data, size));
  accepts(read_arrays);
  load_into<FuzzMlp>();
  load_into<FuzzRnn>();
  load_into<FuzzText>();
  load_any<float>();
  load_any<double>();
  return 0;
}
