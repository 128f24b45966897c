#pragma once

#include "gms/model/ids.hpp"

namespace kvstore::api {

/// The index of the command that wrote a key last. One number for ordering, compare-and-set,
/// watches and read-your-writes. Zero: the key has no value.
using Revision = gms::model::Ordinal<struct RevisionTag>;
/// Numbers a session's calls from 1. A client never uses one twice for two different calls.
using CallNumber = gms::model::Ordinal<struct CallNumberTag>;
/// Names a request on one connection; the reply carries it back. Chosen by the client.
using RequestId = gms::model::Ordinal<struct RequestIdTag>;
/// Numbers the events of a member, those of a later start above those of the ones before it.
using EventSeq = gms::model::Ordinal<struct EventSeqTag>;

/// A client's session: the index of the command that registered it.
using SessionId = gms::model::Identifier<struct SessionIdTag>;
/// Drawn at random by a client for one registration, so that a repeated one makes no second
/// session.
using Nonce = gms::model::Identifier<struct NonceTag>;
/// A range over several pages at the replica that serves it. Zero: there are no more pages.
using CursorId = gms::model::Identifier<struct CursorIdTag>;
/// A hash of what a replica did (rolling) or holds (deep).
using Digest = gms::model::Identifier<struct DigestTag>;

[[nodiscard]] constexpr Revision revision_at(gms::model::Index index) {
  return Revision(index.value());
}

}  // namespace kvstore::api
