// SPDX-License-Identifier: MIT
#include "backfold/data/csv.hpp"

#include <cstring>
#include <sstream>
#include <string>
#include <vector>

#include "fuzz.hpp"

namespace bf = backfold;

namespace {

/// A table that was read is written, and reads as the same table.
void check_round_trip(const bf::CsvTable& table, bf::CsvOptions options) {
  std::vector<std::string> names;
  for (const bf::CsvColumn& column : table.columns()) names.push_back(column.name);
  if (names.empty()) return;
  {
    bf::CsvWriter writer(fuzz_path(), names, options.delimiter);
    writer.add(table);
    writer.commit();
  }
  options.has_header = true;
  options.columns.clear();
  options.categorical.clear();
  for (const bf::CsvColumn& column : table.columns()) {
    if (column.is_categorical) options.categorical.push_back(column.name);
  }
  const bf::CsvTable again = bf::read_csv(fuzz_path(), options);
  require(again.rows() == table.rows(), "a written table has the same rows");
  require(again.columns().size() == names.size(), "a written table has the same columns");
  for (bf::Index c = 0; c < bf::Index(names.size()); ++c) {
    require(again.columns()[std::size_t(c)].name == names[std::size_t(c)], "names come back");
    for (bf::Index row = 0; row < table.rows(); ++row) {
      const double before = table.value(row, c), after = again.value(row, c);
      require(
          std::memcmp(&before, &after, sizeof before) == 0 || (before != before && after != after),
          "numbers come back");
    }
  }
}

}  // namespace

/// The first byte chooses the options, the others are the file.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  bf::CsvOptions options;
  options.has_header = (data[0] & 1) != 0;
  if ((data[0] & 2) != 0) options.delimiter = ';';
  if ((data[0] & 4) != 0) options.fill = 0;
  if ((data[0] & 8) != 0) options.fill_category = "none";
  if ((data[0] & 16) != 0) options.categorical = {options.has_header ? "a" : "1"};
  const std::string text(text_of(data + 1, size - 1));
  bf::CsvTable table;
  const bool is_read = accepts([&] {
    std::istringstream stream(text);
    table = bf::CsvBlocks(stream, "fuzz", options).rest();
  });
  // Of two columns of one name, options cannot say which is one of names.
  if (is_read) accepts([&] { check_round_trip(table, options); });
  write_file(fuzz_path(), text);
  accepts([&] { (void)bf::scan_csv(fuzz_path(), options); });
  return 0;
}
