# A page as Doxygen shows it: pictures lie below its folder, files outside of it are no pages, and
# pages have no anchors.
s,[.][.]/pictures/,pictures/,
s,(pictures/optimizer_paths.html),(optimizer_paths.html),
s,\[\([^]]*\)\]([.][.]/\(include/\|examples/\|CONTRIBUTING[.]md\)[^)]*),\1,g
s,\([.]md\)#[^)]*),\1),g
# It takes the number of a heading for that of a list.
s,^# \([0-9]*\)[.] ,# \1 – ,
