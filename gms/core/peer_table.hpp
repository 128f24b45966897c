#pragma once

#include <map>
#include <optional>
#include <vector>

#include "gms/model/view.hpp"

namespace gms::core {

/// What is remembered of every member that was heard of in this boot: which life of its process is
/// current, since when that is dead, and which of its forwarded requests were seen.
class PeerTable {
 public:
  /// A message or link of `boot` arrived. False if that boot is over.
  [[nodiscard]] bool admit(const model::MemberId& member, model::BootSeq boot);
  /// The process of that boot is gone. False if a later boot was already seen.
  [[nodiscard]] bool note_down(const model::MemberId& member, model::BootSeq boot,
                               model::Instant now);
  /// Since when its process is known to be dead.
  [[nodiscard]] std::optional<model::Instant> down_since(const model::MemberId& member) const;
  [[nodiscard]] model::BootSeq boot_of(const model::MemberId& member) const;
  /// Who the voters are: what is known of them is kept, whoever else turns up.
  void note_voters(const model::View& view);
  /// Whether a forwarded request is new; a copy or a late one is not.
  [[nodiscard]] bool admit_forward(const model::MemberId& member, model::Ticket ticket);

 private:
  struct Record {
    model::BootSeq boot;
    std::optional<model::Instant> down_since;
    model::Ticket last_forward;
  };

  /// The number of members remembered is bounded; the one with the smallest id that is no voter
  /// makes room.
  Record& record_of(const model::MemberId& member);

  std::map<model::MemberId, Record> records_;
  /// Sorted.
  std::vector<model::MemberId> voters_;
};

}  // namespace gms::core
