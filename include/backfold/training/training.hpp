// SPDX-License-Identifier: MIT
#pragma once

#include "backfold/training/trainer.hpp"

BACKFOLD_BEGIN_NAMESPACE

/// Another name of Trainer.
template <class Net, class L, class O, class Source, Index Batch = Dynamic>
class Training : public Trainer<Net, L, O, Source, Batch> {
 public:
  using Trainer<Net, L, O, Source, Batch>::Trainer;
};

template <class Net, class L, class O, class Source>
Training(Net&, const L&, const O&, const Source&, const FitOptions& = {})
    -> Training<Net, L, O, detail::DataOf<Net, Source>>;

BACKFOLD_END_NAMESPACE
