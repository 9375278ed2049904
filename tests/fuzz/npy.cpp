// SPDX-License-Identifier: MIT
#include "backfold/data/npy.hpp"

#include <cstring>

#include "fuzz.hpp"

namespace bf = backfold;

namespace {

template <class S>
void read(bf::NpyAxes axes) {
  bf::Matrix<S> x;
  if (!accepts([&] { x = bf::read_npy<S>(fuzz_path(), axes); })) return;
  const std::string again = fuzz_path() + ".npy";
  bf::write_npy(again, x, axes);
  const bf::Matrix<S> y = bf::read_npy<S>(again, axes);
  require(x.rows() == y.rows() && x.cols() == y.cols(), "the size comes back");
  require(x.size() == 0 || std::memcmp(x.data(), y.data(), std::size_t(x.size()) * sizeof(S)) == 0,
          "the bits come back");
  std::remove(again.c_str());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  write_file(fuzz_path(), text_of(data, size));
  for (const bf::NpyAxes axes : {bf::NpyAxes::AsStored, bf::NpyAxes::SamplesFirst}) {
    read<double>(axes);
    read<float>(axes);
    read<bool>(axes);
    read<std::int8_t>(axes);
    read<std::uint64_t>(axes);
  }
  return 0;
}
