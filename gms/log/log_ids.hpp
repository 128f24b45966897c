#pragma once

#include "gms/model/ids.hpp"

namespace gms::log {

/// Counts the logs of one data directory: a log that is begun anew is a new generation.
using Generation = model::Ordinal<struct GenerationTag>;
/// The place of a segment file in its generation; never given twice.
using FileSeq = model::Ordinal<struct FileSeqTag>;
/// Counts the batches of a generation from 1.
using BatchSeq = model::Ordinal<struct BatchSeqTag>;
/// Drawn at random for a generation and written in each of its batches, so that no bytes of a user
/// can pass for a batch.
using LogSalt = model::Identifier<struct LogSaltTag>;
using StateGeneration = model::StateGeneration;

}  // namespace gms::log
