#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "client/endpoint.hpp"
#include "kvstore/api/inspection.hpp"

namespace client {

/// The members that a client knows: those it was given, those that the view names, and strangers:
/// who was hinted at, asked by its address, or in the view before.
///
/// Strangers stay until they are removed, and another address has their place and their bit then.
/// So nothing may be left of them by that time: no connection that can report, and no bit in a call
/// or a range.
class EndpointBook {
 public:
  /// A call remembers whom it has asked in 64 bits. There is no place for more at a time.
  static constexpr std::size_t kEndpointsMax = 64;

  explicit EndpointBook(const std::vector<std::string>& addresses);

  /// The endpoint at that address, added if it is new. Null when there are too many.
  [[nodiscard]] Endpoint* at(std::string_view address);
  /// Precondition: that place is taken.
  [[nodiscard]] Endpoint& operator[](std::size_t index);

  [[nodiscard]] auto begin() const { return endpoints_.begin(); }
  [[nodiscard]] auto end() const { return endpoints_.end(); }

  /// Adds the voters of the view and their names.
  void learn(const gms::model::View& view);

  /// Whether it is neither given nor a voter. Nobody is before a view is known.
  [[nodiscard]] bool is_stranger(const Endpoint& endpoint) const;
  [[nodiscard]] std::vector<Endpoint*> strangers() const;
  /// Who has the place that a voter needs; null when every voter has one, or voters have them all.
  [[nodiscard]] Endpoint* in_the_way() const;
  /// Forgets it. Voters without a place get one.
  void remove(const Endpoint& endpoint);

  /// What is wrong, for people: who cannot be reached and why. Empty when a quorum can be.
  [[nodiscard]] std::string missing(Clock::time_point now) const;

 private:
  void place_voters();

  std::vector<std::unique_ptr<Endpoint>> endpoints_;
  /// The same by their places; null where one is free.
  std::array<Endpoint*, kEndpointsMax> places_{};
  /// The voters of the latest view. Empty before one is known.
  std::vector<gms::model::Member> members_;
  /// The same as endpoints, as far as they have a place.
  std::vector<const Endpoint*> voters_;
  bool lacks_voters_ = false;
  gms::model::ViewSeq view_seq_;
};

}  // namespace client
