// SPDX-License-Identifier: MIT
#pragma once

#include <numbers>

namespace shapes
{

inline double circle(double radius)
{
    return std::numbers::pi * radius * radius;
}

} // namespace shapes
