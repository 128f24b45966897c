#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "client/types.hpp"

namespace tests::cluster {

/// What a member answered to a read, and what it had applied then.
struct MemberRead {
  std::optional<client::Value> value;
  gms::model::Index applied;
};

/// Reads of one member, whoever leads: a client of the library asks the leader. It connects anew
/// when the connection is lost. One thread.
class MemberReader {
 public:
  explicit MemberReader(std::string address);
  ~MemberReader();
  MemberReader(const MemberReader&) = delete;
  MemberReader& operator=(const MemberReader&) = delete;

  /// A linearizable read. Any error says that there is no answer.
  [[nodiscard]] client::Result<MemberRead> get(const std::string& key,
                                               std::chrono::milliseconds limit);

 private:
  class Conversation;

  std::string address_;
  std::unique_ptr<Conversation> conversation_;
};

}  // namespace tests::cluster
