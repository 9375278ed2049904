// SPDX-License-Identifier: MIT
#include "backfold/data/idx.hpp"

#include "fuzz.hpp"

namespace bf = backfold;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  write_file(fuzz_path(), text_of(data, size));
  accepts([] {
    const bf::IdxFile file = bf::read_idx(fuzz_path());
    const bf::Matrix<float> columns = bf::scaled_columns<float>(file);
    require(columns.rows() == file.item_size && columns.cols() == file.items, "sizes are kept");
    require(columns.size() == bf::Index(file.bytes.size()), "each byte is a number");
  });
  return 0;
}
