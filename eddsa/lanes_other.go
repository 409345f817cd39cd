//go:build !amd64 || purego

package eddsa

const (
	canLanes = false
	minLanes = 0
)

func zip215Lanes([]Check) bool { panic("eddsa: this build has no lanes") }

func strictLanes([]Check) bool { panic("eddsa: this build has no lanes") }
