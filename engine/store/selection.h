#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/labels.h"
#include "base/matcher.h"
#include "engine/store/timeline.h"

namespace tocsin {

class SeriesTable;

/// The series that one selector of a plan takes, kept up to date: a new series is matched against it once, when it is
/// born, and taken out when it dies. What an evaluation reads from it is numbers only. Selectors with the same matchers
/// share one.
///
/// Owned by the Store through a handle; valid while the handle lives. Read between two changes of the store.
class Selection {
public:
    /// Neighbouring columns of one timeline which are neighbours in the selection too.
    struct Run {
        const Timeline* timeline;
        ColumnIndex first_column;
        std::uint32_t count;
        std::uint32_t first_series;  // index into labels()
    };

    /// Changes whenever labels() or runs() do. Everything about labels may be kept until then.
    std::uint64_t generation() const { return generation_; }
    std::size_t size() const { return labels_.size(); }
    const std::vector<LabelSet>& labels() const { return labels_; }
    /// Of each of labels(): a number that no other series of this selection has, had or will have. Later ones are
    /// larger.
    const std::vector<std::uint64_t>& ids() const { return ids_; }
    /// Grouped by timeline, in the order of labels(); runs are as long as can be.
    const std::vector<Run>& runs() const { return runs_; }
    const Matchers& matchers() const { return *matchers_; }

private:
    friend class Store;

    // Brings labels_ and runs_ up to members_.
    void refresh(const SeriesTable& table);
    void restore_order(const SeriesTable& table);
    void add_new_labels(const SeriesTable& table);
    void find_runs(const SeriesTable& table);
    // Takes out the members that the table has forgotten.
    void drop_forgotten(const SeriesTable& table);
    // The columns of a timeline have other numbers now.
    void renumbered(const SeriesTable& table, TimelineId timeline);
    std::size_t bytes() const;

    std::shared_ptr<const Matchers> matchers_;
    Duration reach_{0};          // the furthest of those that share it
    std::uint32_t holders_ = 0;  // handles
    std::uint64_t generation_ = 1;
    std::vector<LabelSet> labels_;  // shared with the table
    std::vector<std::uint64_t> ids_;
    std::uint64_t ids_given_ = 0;
    std::vector<Run> runs_;
    std::vector<std::uint32_t>
        members_;                    // series; the first labels_.size() of them belong to labels_, the rest are new
    bool disordered_ = false;        // members moved to other timelines
    std::atomic<bool> dirty_{true};  // members_ or their columns changed since runs_ was built
};

}  // namespace tocsin
