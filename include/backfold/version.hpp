// SPDX-License-Identifier: MIT
#pragma once

// CMake reads the version from these lines.
#define BACKFOLD_VERSION_MAJOR 0
#define BACKFOLD_VERSION_MINOR 1
#define BACKFOLD_VERSION_PATCH 0
