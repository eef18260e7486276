// SPDX-License-Identifier: MIT
#pragma once

namespace shapes
{

inline double circle(double radius)
{
    return 3.14159265358979 * radius * radius;
}

} // namespace shapes
